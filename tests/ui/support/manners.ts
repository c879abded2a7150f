import { readFileSync } from 'node:fs';

import { expect, type Page } from '@playwright/test';
import type axe from 'axe-core';

/** The page in the main area, and the sidebar with the runs. */
export const PLACES = {
  main: '.trackbook-MainArea:not(.lm-mod-hidden)',
  sidebar: '#trackbook-sidebar'
};

// JupyterLab's own buttons, what nbdime draws, and what a run's output brings along.
const NOT_OURS = ['jp-button', '.trackbook-CellDifference-content', '.trackbook-Output', 'iframe'];

/** Put axe into a page: once, for it is asked often. */
export async function bringAxe(page: Page): Promise<void> {
  const ours = require.resolve('@axe-core/playwright');
  await page.evaluate(readFileSync(require.resolve('axe-core', { paths: [ours] }), 'utf8'));
}

/**
 * What axe finds in a place: nothing that keeps anybody from working.
 *
 * The colours' contrast is the one rule that hangs on the theme; `isColoursOnly` asks for that alone.
 */
export async function audit(
  page: Page,
  what: string,
  place: string,
  isColoursOnly = false,
  leftOut: string[] = []
): Promise<void> {
  const grave = await page.evaluate(
    async ({ include, exclude, rules }) => {
      const { run } = (window as unknown as { axe: typeof axe }).axe;
      const { violations } = await run(
        { include, exclude },
        {
          resultTypes: ['violations'],
          iframes: false,
          ...(rules ? { runOnly: { type: 'rule', values: rules } } : {})
        }
      );
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) =>
          nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any[0]?.message ?? ''}`)
        );
    },
    {
      include: [place],
      exclude: [...NOT_OURS, ...leftOut],
      rules: isColoursOnly ? ['color-contrast'] : null
    }
  );
  expect.soft(grave, what).toEqual([]);
}

/**
 * What of a place can't be reached: it lies beyond the place or a box that clips it, and nothing scrolls to it.
 * Texts that end in an ellipsis are cut short on purpose; pictures and what is for readers alone are left out.
 */
export function cutOff(page: Page, place: string): Promise<string[]> {
  return page.locator(place).evaluate(root => {
    const LEFT_OUT =
      '.trackbook-ReadersOnly, .trackbook-Grid, .trackbook-CellDifference-content, svg *, canvas, .plot-container *, .js-plotly-plot *';
    const scrolls = (value: string) => value === 'auto' || value === 'scroll';
    const isCut = (element: Element): boolean => {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.height === 0) {
        return false;
      }
      // What scrolls once sideways or downwards is looked at no further in that direction.
      let [isWide, isHigh] = [true, true];
      for (let outer = element.parentElement; outer; outer = outer.parentElement) {
        const style = getComputedStyle(outer);
        const clip = outer.getBoundingClientRect();
        isWide &&= !scrolls(style.overflowX);
        isHigh &&= !scrolls(style.overflowY);
        const isClipping = outer === root || style.overflowX !== 'visible';
        const isShortened = style.textOverflow === 'ellipsis' && !element.matches('button, input');
        if (isClipping && !isShortened) {
          if (isWide && (box.left < clip.left - 1 || box.right > clip.right + 1)) {
            return true;
          }
          if (isHigh && (box.top < clip.top - 1 || box.bottom > clip.bottom + 1)) {
            return true;
          }
        }
        if (outer === root) {
          return false;
        }
      }
      return false;
    };
    return [...root.querySelectorAll('.trackbook-View *')]
      .filter(element => !element.closest(LEFT_OUT) && isCut(element))
      .map(element => element.outerHTML.slice(0, 140));
  });
}

/** Whether the window itself can be scrolled sideways, which nobody expects of JupyterLab. */
export function isWindowScrolling(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const root = document.scrollingElement!;
    return root.scrollWidth > root.clientWidth;
  });
}
