import {
  formatBytes,
  formatChange,
  formatDuration,
  formatExact,
  formatNumber,
  formatQuantity,
  formatRelative,
  formatValue,
  seriesKey,
  seriesName
} from '../src/format';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [5, '5'],
    [0.9, '0.9000'],
    [0.91237, '0.9124'],
    [12.3456, '12.35'],
    [1234.56, '1235'],
    [123456, '123456'],
    [1234567, '1.235e6'],
    [2e9, '2e9'],
    [0.00001234, '1.234e-5'],
    [-0.5, '-0.5000'],
    [NaN, 'NaN'],
    [Infinity, '∞'],
    [-Infinity, '−∞']
  ])('writes %p with 4 significant digits', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('keeps all digits where they are asked for', () => {
    expect(formatExact(0.1 + 0.2)).toBe('0.30000000000000004');
  });
});

describe('formatChange', () => {
  it.each([
    [0.0368, '+3.68 %'],
    [-0.128, '−12.8 %'],
    [1, '+100 %'],
    [1.5, '+150 %'],
    [-1, '−100 %'],
    [10.9, '+1090 %'],
    [119, '× 120']
  ])('writes %p', (value, text) => {
    expect(plain(formatChange(value))).toBe(text);
  });
});

describe('formatQuantity', () => {
  it.each([
    [2e9, 'B', '2.0 GB'],
    [1200, 'B/s', '1.2 kB/s'],
    [512, 'bytes', '512 B'],
    [43.219, '%', '43.22 %'],
    [300, 'W', '300 W'],
    [0.5, null, '0.5000'],
    [NaN, 'B', 'NaN'],
    [-5, 'B', '-5 B']
  ])('writes %p %p as %p', (value, unit, text) => {
    expect(plain(formatQuantity(value, unit))).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [null, ''],
    [0.0123, '12 ms'],
    [0.9996, '999 ms'],
    [3.19, '3.1 s'],
    [14, '14 s'],
    [59.99, '59 s'],
    [60, '1 m 00 s'],
    [192, '3 m 12 s'],
    [3720, '1 h 02 m'],
    [90061, '1 d 01 h']
  ])('writes %p seconds', (seconds, text) => {
    expect(plain(formatDuration(seconds))).toBe(text);
  });
});

describe('formatRelative', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');

  it.each([
    ['2026-11-21T11:59:50Z', '10 sec. ago'],
    ['2026-11-21T11:55:00Z', '5 min. ago'],
    ['2026-11-21T09:00:00Z', '3 hr. ago'],
    ['2026-11-20T11:00:00Z', 'yesterday'],
    ['2026-11-01T12:00:00Z', '20 days ago'],
    ['2026-08-20T12:00:00Z', '3 mo. ago'],
    ['2024-11-21T12:00:00Z', '2 yr. ago']
  ])('writes %s', (moment, text) => {
    expect(formatRelative(moment, now, 'en')).toBe(text);
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [22_400, '22 kB'],
    [999_900, '1.0 MB'],
    [3_400_000_000, '3.4 GB']
  ])('writes %p', (bytes, text) => {
    expect(plain(formatBytes(bytes))).toBe(text);
  });
});

describe('formatValue', () => {
  it.each([
    [0.1, '0.1'],
    [0.30000000000000004, '0.3'],
    [64, '64'],
    [3.17e-6, '3.17e-6'],
    [12345678, '12345678'],
    ['adam', 'adam'],
    [true, 'true'],
    [null, 'null'],
    [[64, 64], '[64,64]']
  ])('writes %p', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe('the one-line name of a series', () => {
  it('is its key, and its context in the order of the names', () => {
    expect(seriesName('loss', {})).toBe('loss');
    expect(seriesName('loss', { subset: 'val', fold: '1' })).toBe('loss{fold=1,subset=val}');
  });

  it('leads back to the key', () => {
    expect(seriesKey('loss{subset=val}')).toBe('loss');
    expect(seriesKey('loss')).toBe('loss');
    expect(seriesKey('odd}')).toBe('odd}');
  });
});
