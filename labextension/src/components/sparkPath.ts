/** The path of a small curve: a piece for each unbroken stretch of finite values. */
export function sparkPath(values: readonly number[], width: number, height: number): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) {
    return '';
  }
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low;
  const step = width / (values.length - 1);
  let path = '';
  let pen = 'M';
  values.forEach((value, place) => {
    if (!Number.isFinite(value)) {
      pen = 'M';
      return;
    }
    const y = span === 0 ? height / 2 : height - ((value - low) / span) * height;
    path += `${pen}${round(place * step)} ${round(y)}`;
    pen = 'L';
  });
  return path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
