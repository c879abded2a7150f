/** The colours and letters of the theme, as a canvas needs them. */
export interface IGridTheme {
  readonly font: string;
  readonly headFont: string;
  readonly background: string;
  readonly raised: string;
  readonly hovered: string;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly border: string;
  readonly brand: string;
  readonly good: string;
  readonly bad: string;
  readonly warning: string;
  readonly onBrand: string;
  /** The colour that a custom property holds. */
  colour(variable: string): string;
}

/** Read the theme where an element stands. */
export function readTheme(node: HTMLElement): IGridTheme {
  const style = getComputedStyle(node);
  const colours = new Map<string, string>();
  const colour = (variable: string) => {
    let value = colours.get(variable);
    if (value === undefined) {
      value = style.getPropertyValue(variable).trim() || style.color;
      colours.set(variable, value);
    }
    return value;
  };
  const size = parseFloat(style.fontSize) || 13;
  return {
    font: `${size}px ${style.fontFamily}`,
    headFont: `${Math.max(size - 1, 11)}px ${style.fontFamily}`,
    background: colour('--jp-layout-color1'),
    raised: colour('--jp-layout-color2'),
    hovered: colour('--jp-layout-color3'),
    text: colour('--jp-ui-font-color1'),
    quiet: colour('--trackbook-quiet'),
    line: colour('--jp-border-color3'),
    border: colour('--jp-border-color1'),
    brand: colour('--jp-brand-color1'),
    good: colour('--jp-success-color1'),
    bad: colour('--trackbook-error'),
    warning: colour('--jp-warn-color1'),
    onBrand: colour('--jp-ui-inverse-font-color1'),
    colour
  };
}
