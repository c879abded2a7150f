import { type Page } from '@playwright/test';

/** Execute a command of the front end. What it returns stays there: to write down a widget would take minutes. */
export async function execute(page: Page, command: string, args: object = {}): Promise<void> {
  await page.evaluate(
    async ([id, given]) => {
      await window.jupyterapp.commands.execute(id as string, given as never);
    },
    [command, args]
  );
}
