import { formatNumber } from '../format';

/** A mark on an axis. */
export interface ITick {
  value: number;
  label: string;
}

/** Turns numbers into pixels and back. */
export interface IScale {
  readonly low: number;
  readonly high: number;
  readonly isLog: boolean;
  /** The pixel of a number; NaN where there is none, as for 0 on a log axis. */
  at(value: number): number;
  /** The number at a pixel. */
  invert(pixel: number): number;
}

/** A scale from `low` at the pixel `start` to `high` at the pixel `end`; an empty range is widened. */
export function makeScale(
  low: number,
  high: number,
  start: number,
  end: number,
  isLog = false
): IScale {
  const [from, to] = widen(low, high, isLog);
  const forth = isLog
    ? (value: number) => (value > 0 ? Math.log10(value) : NaN)
    : (value: number) => value;
  const back = isLog ? (value: number) => 10 ** value : (value: number) => value;
  const [first, last] = [forth(from), forth(to)];
  // Halves: the span of two large numbers of different sign is infinite.
  const factor = (end - start) / (last / 2 - first / 2);
  return {
    low: from,
    high: to,
    isLog,
    at: value => start + (forth(value) / 2 - first / 2) * factor,
    invert: pixel => back(((pixel - start) / factor) * 2 + first)
  };
}

/** A span of as many times the lowest number has orders in it. */
const WIDE = 100;

/** Whether numbers are told apart by their logarithm alone: all positive, of different orders, and most of them small. */
export function spansOrders(numbers: readonly (number | null)[]): boolean {
  const known = numbers
    .filter((value): value is number => value !== null && Number.isFinite(value))
    .sort((one, other) => one - other);
  const [low, high] = [known[0], known[known.length - 1]];
  const middle = known[(known.length - 1) >> 1];
  return low > 0 && high / low >= WIDE && middle - low < (high - low) / 4;
}

/** Round marks within a scale, about as many as `most`. */
export function ticksOf(scale: IScale, most: number): ITick[] {
  if (scale.isLog) {
    const decades = Math.log10(scale.high) - Math.log10(scale.low);
    if (decades >= 1.5) {
      return logTicks(scale, Math.max(1, Math.ceil(decades / most)));
    }
  }
  const span = scale.high / most - scale.low / most;
  const size = 10 ** Math.floor(Math.log10(span));
  const step = size * ([1, 2, 5, 10].find(factor => size * factor >= span * (1 - 1e-9)) ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const largest = Math.max(Math.abs(scale.low), Math.abs(scale.high));
  const isLong = largest >= 1e6 || largest < 1e-4 || digits > 8;
  const ticks: ITick[] = [];
  for (
    let place = Math.ceil(scale.low / step - 1e-9);
    place <= scale.high / step + 1e-9;
    place += 1
  ) {
    const value = place * step + 0;
    const size = Math.floor(Math.log10(Math.abs(value || 1)) + 1e-9);
    const needed = Math.max(0, size - Math.floor(Math.log10(step) + 1e-9));
    const label =
      isLong && value ? exponent(value, needed) : (value + 0).toFixed(Math.min(digits, 20));
    ticks.push({ value, label });
    if (ticks.length > 50) {
      break;
    }
  }
  return ticks;
}

/** Marks of a time axis in seconds since the epoch, in the reader's language and zone. */
export function timeTicks(scale: IScale, most: number, locale?: string): ITick[] {
  const span = scale.high - scale.low;
  const step = STEPS.find(size => span / size <= most) ?? Math.ceil(span / most / 86_400) * 86_400;
  const offset = new Date(scale.low * 1000).getTimezoneOffset() * 60;
  const format = new Intl.DateTimeFormat(
    locale,
    step >= 86_400
      ? { month: 'short', day: 'numeric' }
      : span > 86_400
        ? { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }
        : { hour: '2-digit', minute: '2-digit', ...(step < 60 ? { second: '2-digit' } : {}) }
  );
  const ticks: ITick[] = [];
  for (
    let value = Math.ceil((scale.low - offset) / step) * step + offset;
    value <= scale.high && ticks.length < 50;
    value += step
  ) {
    ticks.push({ value, label: format.format(value * 1000) });
  }
  return ticks;
}

const STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800
];

function logTicks(scale: IScale, every: number): ITick[] {
  const ticks: ITick[] = [];
  const first = Math.ceil(Math.log10(scale.low) - 1e-9);
  for (let power = first; power <= Math.log10(scale.high) + 1e-9; power += 1) {
    if (power % every === 0) {
      ticks.push({ value: 10 ** power, label: powerText(power) });
    }
  }
  return ticks;
}

/** A power of ten without digits that say nothing: `0.01`, not `0.01000`. */
function powerText(power: number): string {
  return formatNumber(Number(`1e${power}`)).replace(/(\.\d*?)0+$/, '$1');
}

function exponent(value: number, digits: number): string {
  return value.toExponential(Math.min(digits, 8)).replace('e+', 'e').replace('-', '−');
}

function widen(low: number, high: number, isLog: boolean): [number, number] {
  if (isLog) {
    return high > low ? [low, high] : [low / 2, high * 2];
  }
  // What a float still tells apart is the least width there is.
  const least = Math.max(Math.abs(low), Math.abs(high), 1e-288) * 1e-12;
  if (high - low > least) {
    return [low, high];
  }
  const around = low === 0 && high === 0 ? 1 : Math.max(Math.abs(low) * 0.05, least);
  return [low - around, high + around];
}
