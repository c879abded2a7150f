/** What a chart is drawn with: the part of a canvas's context that is needed, so that a picture can be drawn alike. */
export interface IPen {
  strokeStyle: string | CanvasGradient | CanvasPattern;
  fillStyle: string | CanvasGradient | CanvasPattern;
  lineWidth: number;
  globalAlpha: number;
  font: string;
  textAlign: CanvasTextAlign;
  textBaseline: CanvasTextBaseline;
  lineJoin: CanvasLineJoin;
  setLineDash(lengths: number[]): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  closePath(): void;
  stroke(): void;
  fill(): void;
  fillText(text: string, x: number, y: number): void;
  /** Draw within a rectangle only, until `restore`. */
  save(): void;
  restore(): void;
  rect(x: number, y: number, width: number, height: number): void;
  clip(): void;
}

/** Draws into an SVG document. */
export class SvgPen implements IPen {
  constructor(
    private readonly _width: number,
    private readonly _height: number
  ) {}

  strokeStyle: IPen['strokeStyle'] = '#000';
  fillStyle: IPen['fillStyle'] = '#000';
  lineWidth = 1;
  globalAlpha = 1;
  font = '11px sans-serif';
  textAlign: CanvasTextAlign = 'start';
  textBaseline: CanvasTextBaseline = 'alphabetic';
  lineJoin: CanvasLineJoin = 'miter';

  /** The document as text. */
  toString(): string {
    const { _width: width, _height: height } = this;
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
      `${this._parts.join('')}${'</g>'.repeat(this._open)}</svg>`
    );
  }

  setLineDash(lengths: number[]): void {
    this._dash = lengths.join(' ');
  }

  beginPath(): void {
    this._path = '';
  }

  moveTo(x: number, y: number): void {
    this._path += `M${short(x)} ${short(y)}`;
  }

  lineTo(x: number, y: number): void {
    this._path += `L${short(x)} ${short(y)}`;
  }

  closePath(): void {
    this._path += 'Z';
  }

  rect(x: number, y: number, width: number, height: number): void {
    this._path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`;
  }

  stroke(): void {
    const dash = this._dash ? ` stroke-dasharray="${this._dash}"` : '';
    this._add(
      `fill="none" stroke="${escape(this.strokeStyle)}" stroke-width="${this.lineWidth}" stroke-linejoin="${this.lineJoin}"${dash}`
    );
  }

  fill(): void {
    this._add(`fill="${escape(this.fillStyle)}"`);
  }

  fillText(text: string, x: number, y: number): void {
    const anchor =
      { center: 'middle', right: 'end', end: 'end' }[this.textAlign as string] ?? 'start';
    const shift = { middle: '0.35em', top: '0.8em' }[this.textBaseline as string] ?? '0';
    const [, size, family] = /([\d.]+)px (.*)/.exec(this.font) ?? ['', '11', 'sans-serif'];
    this._parts.push(
      `<text x="${short(x)}" y="${short(y)}" dy="${shift}" text-anchor="${anchor}" font-size="${size}" ` +
        `font-family="${escape(family)}" fill="${escape(this.fillStyle)}">${escape(text)}</text>`
    );
  }

  save(): void {
    this._groups.push(0);
  }

  restore(): void {
    const groups = this._groups.pop() ?? 0;
    this._parts.push('</g>'.repeat(groups));
    this._open -= groups;
  }

  clip(): void {
    this._clips += 1;
    const id = `clip-${this._clips}`;
    this._parts.push(
      `<clipPath id="${id}"><path d="${this._path}"/></clipPath><g clip-path="url(#${id})">`
    );
    this._open += 1;
    if (this._groups.length) {
      this._groups[this._groups.length - 1] += 1;
    }
  }

  private _add(style: string): void {
    const alpha = this.globalAlpha < 1 ? ` opacity="${this.globalAlpha}"` : '';
    this._parts.push(`<path d="${this._path}" ${style}${alpha}/>`);
  }

  private readonly _parts: string[] = [];
  private readonly _groups: number[] = [];
  private _path = '';
  private _dash = '';
  private _open = 0;
  private _clips = 0;
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escape(text: unknown): string {
  return String(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
