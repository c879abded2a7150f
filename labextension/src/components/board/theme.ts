/** Whether JupyterLab's theme is a dark one. */
export function isDarkTheme(): boolean {
  return document.body.dataset.jpThemeLight === 'false';
}
