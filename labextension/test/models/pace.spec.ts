import { Pace } from '../../src/models/pace';

describe('Pace', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('works once some time after it was asked, however often it was', async () => {
    const work = jest.fn();
    const pace = new Pace(work, 1000);
    pace.soon();
    await jest.advanceTimersByTimeAsync(600);
    pace.soon();
    expect(work).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(400);
    expect(work).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(1);
    pace.soon();
    await jest.advanceTimersByTimeAsync(1000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('works once more if it was asked while it was at work', async () => {
    const ends: (() => void)[] = [];
    const work = jest.fn(() => new Promise<void>(resolve => ends.push(resolve)));
    const pace = new Pace(work, 1000);
    pace.soon();
    await jest.advanceTimersByTimeAsync(1000);
    pace.soon();
    pace.soon();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(work).toHaveBeenCalledTimes(1);
    ends[0]();
    await jest.advanceTimersByTimeAsync(999);
    expect(work).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(2);
    ends[1]();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('goes on after an error', async () => {
    const work = jest.fn(() => Promise.reject(new Error('no answer')));
    const pace = new Pace(work, 10);
    pace.soon();
    await jest.advanceTimersByTimeAsync(10);
    pace.soon();
    await jest.advanceTimersByTimeAsync(10);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('does nothing once it is disposed', async () => {
    const work = jest.fn();
    const pace = new Pace(work, 10);
    pace.soon();
    pace.dispose();
    pace.soon();
    await jest.advanceTimersByTimeAsync(100);
    expect(pace.isDisposed).toBe(true);
    expect(work).not.toHaveBeenCalled();
  });

  it('waits in a page that nobody sees, and works once when somebody does', async () => {
    const hidden = jest.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    const work = jest.fn();
    const pace = new Pace(work, 10);
    pace.soon();
    await jest.advanceTimersByTimeAsync(1000);
    pace.soon();
    await jest.advanceTimersByTimeAsync(1000);
    expect(work).not.toHaveBeenCalled();
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event('visibilitychange'));
    expect(work).toHaveBeenCalledTimes(1);
    document.dispatchEvent(new Event('visibilitychange'));
    await jest.advanceTimersByTimeAsync(1000);
    expect(work).toHaveBeenCalledTimes(1);
    hidden.mockReturnValue(true);
    pace.soon();
    await jest.advanceTimersByTimeAsync(1000);
    pace.dispose();
    hidden.mockRestore();
    document.dispatchEvent(new Event('visibilitychange'));
    expect(work).toHaveBeenCalledTimes(1);
  });
});
