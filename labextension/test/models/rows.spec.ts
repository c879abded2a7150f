import { type IRun } from '../../src/client/types';
import { Rows } from '../../src/models/rows';
import { manyRuns, runId } from '../support/samples';

/** The page that a server with these runs answers. */
function pageOf(all: IRun[], offset: number, limit: number) {
  return { total: all.length, revision: 1, runs: all.slice(offset, offset + limit) };
}

function numbers(rows: Rows, first: number, last: number): (number | undefined)[] {
  return Array.from({ length: last - first + 1 }, (_, place) => rows.at(first + place)?.number);
}

describe('Rows', () => {
  it('know windows of a long list', () => {
    const all = manyRuns(1000);
    const rows = new Rows();
    rows.place(0, pageOf(all, 0, 10), true);
    rows.place(500, pageOf(all, 500, 10), true);
    expect(rows.total).toBe(1000);
    expect(numbers(rows, 498, 501)).toEqual([undefined, undefined, 500, 499]);
    expect(rows.firstUnknown(0, 20)).toBe(10);
    expect(rows.firstUnknown(500, 509)).toBe(-1);
    expect(rows.indexOf(runId(499))).toBe(501);
  });

  it('push the others down when new ones may be shown', () => {
    const rows = new Rows();
    rows.place(0, pageOf(manyRuns(20), 0, 10), true);
    const placement = rows.place(0, pageOf(manyRuns(22), 0, 10), true);
    expect(placement).toBe('arrived');
    expect(rows.total).toBe(22);
    expect(numbers(rows, 0, 11)).toEqual([22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11]);
  });

  it('keep their places when they are looked at, and announce new ones', () => {
    const rows = new Rows();
    rows.place(0, pageOf(manyRuns(200), 0, 50), true);
    const newer = manyRuns(203);
    expect(rows.place(rows.offset(20), pageOf(newer, 20, 20), false)).toBe('announced');
    expect(rows.pending).toBe(3);
    expect(rows.total).toBe(200);
    expect(numbers(rows, 18, 21)).toEqual([182, 181, 180, 179]);
    // The next window is asked for where the server has it now.
    expect(rows.offset(50)).toBe(53);
    rows.place(53, pageOf(newer, 53, 10), false);
    expect(numbers(rows, 49, 51)).toEqual([151, 150, 149]);
  });

  it('show the announced ones when asked to', () => {
    const rows = new Rows();
    rows.place(0, pageOf(manyRuns(20), 0, 20), true);
    rows.place(5, pageOf(manyRuns(22), 5, 10), false);
    rows.showPending();
    expect(rows.pending).toBe(0);
    expect(rows.total).toBe(22);
    expect(numbers(rows, 0, 3)).toEqual([undefined, undefined, 20, 19]);
    expect(rows.firstUnknown(0, 10)).toBe(0);
  });

  it('begin anew when rows have left the middle', () => {
    const all = manyRuns(20);
    const rows = new Rows();
    rows.place(0, pageOf(all, 0, 20), true);
    const left = all.filter(run => run.number !== 15);
    expect(rows.place(0, pageOf(left, 0, 10), true)).toBe('replaced');
    expect(rows.total).toBe(19);
    expect(numbers(rows, 4, 6)).toEqual([16, 14, 13]);
  });

  it('begin anew when one leaves and another arrives', () => {
    const all = manyRuns(20);
    const rows = new Rows();
    rows.place(0, pageOf(all, 0, 20), true);
    const changed = manyRuns(21).filter(run => run.number !== 15);
    expect(rows.place(0, pageOf(changed, 0, 20), false)).toBe('replaced');
    expect(numbers(rows, 0, 1)).toEqual([21, 20]);
  });

  it('take a newer state of a known run, and of no other', () => {
    const rows = new Rows();
    rows.place(0, pageOf(manyRuns(3), 0, 3), true);
    expect(rows.update({ ...rows.at(1)!, name: 'renamed' })).toBe(true);
    expect(rows.at(1)?.name).toBe('renamed');
    expect(rows.update({ ...rows.at(1)!, id: 'other' })).toBe(false);
  });

  it('forget what is out of date, but not what is looked at', () => {
    const rows = new Rows();
    rows.place(0, pageOf(manyRuns(10), 0, 10), true);
    rows.forget(2, 4, run => run.number > 5);
    expect(numbers(rows, 0, 9)).toEqual([undefined, undefined, 8, 7, 6, 5, 4, 3, 2, 1]);
  });
});
