import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import * as React from 'react';

import type { IRunTarget } from '../../../src/client/board';
import { ApiError } from '../../../src/client/errors';
import type { ITableColumn, IView } from '../../../src/client/table';
import type { IClient } from '../../../src/client/tokens';
import { CommandIDs } from '../../../src/commandIds';
import { Board } from '../../../src/components/board/Board';
import { BoardState } from '../../../src/models/boardState';
import { ColoursModel } from '../../../src/models/colours';
import { RunQueryModel } from '../../../src/models/runQuery';
import { SelectionModel } from '../../../src/models/selection';
import { FakeChanges, PROJECT } from '../../support/fakes';
import { show } from '../../support/view';

const COLUMNS: ITableColumn[] = [
  { column: 'started', kind: 'attribute', type: 'time', count: 3, goal: null },
  { column: 'params.lr', kind: 'param', type: 'number', count: 3, goal: null },
  { column: 'params.optimizer', kind: 'param', type: 'text', count: 3, goal: null },
  { column: 'metrics.loss', kind: 'metric', type: 'number', count: 3, goal: null },
  { column: 'metrics.acc', kind: 'metric', type: 'number', count: 2, goal: 'max' }
];

const VALUES: Record<string, (number | string | null)[]> = {
  experiment: ['churn', 'churn', 'churn'],
  number: [3, 2, 1],
  name: ['', '', ''],
  'params.lr': [0.1, 0.2, 0.3],
  'params.optimizer': ['adam', 'sgd', null],
  'metrics.loss': [1, 2, 3],
  'metrics.acc': [0.9, 0.8, null]
};

/** A server with three runs and saved boards; it notes what charts ask for. */
class FakeServer {
  readonly frames: { target: IRunTarget; columns: readonly string[] }[] = [];
  views: IView[] = [];
  error: ApiError | null = null;

  readonly client = {
    frame: (_: string, target: IRunTarget, columns: readonly string[]) => {
      this.frames.push({ target, columns });
      return this.error
        ? Promise.reject(this.error)
        : Promise.resolve({
            total: 3,
            sampled: false,
            ids: ['c', 'b', 'a'],
            columns: columns.map(column => VALUES[column] ?? [null, null, null])
          });
    },
    importance: () => Promise.resolve({ importance: [], runs: 3, goal: 'max', reason: 'Too few.' }),
    runTable: {
      columns: () => Promise.resolve({ revision: 1, columns: COLUMNS }),
      views: () => Promise.resolve(this.views),
      view: (_: string, id: string) => Promise.resolve(this.views.find(view => view.id === id)),
      createView: (_: string, draft: Pick<IView, 'name' | 'kind' | 'content'>) => {
        const at = '2026-11-21T10:00:00Z';
        const view = {
          ...draft,
          id: `v${this.views.length}`,
          created: at,
          updated: at,
          revision: 1
        };
        this.views = [...this.views, view];
        return Promise.resolve(view);
      },
      changeView: (_: string, id: string, change: { revision: number; content?: object }) => {
        const view = this.views.find(one => one.id === id)!;
        if (view.revision !== change.revision) {
          return Promise.reject(new ApiError('conflict', 'It was changed.', 409));
        }
        const changed = { ...view, ...change, revision: view.revision + 1 } as IView;
        this.views = this.views.map(one => (one.id === id ? changed : one));
        return Promise.resolve(changed);
      },
      deleteView: (_: string, id: string) => {
        const view = this.views.find(one => one.id === id)!;
        this.views = this.views.filter(one => one !== view);
        return Promise.resolve(view);
      }
    }
  } as unknown as IClient;
}

class AllSeen {
  constructor(private readonly _tell: (entries: { isIntersecting: boolean }[]) => void) {}
  observe() {
    this._tell([{ isIntersecting: true }]);
  }
  disconnect() {}
}

let kept: string | null;

beforeEach(() => {
  kept = null;
  Object.assign(window, { IntersectionObserver: AllSeen, ResizeObserver: AllSeen });
  HTMLCanvasElement.prototype.getContext = () => null;
});

function open(server = new FakeServer()) {
  const query = new RunQueryModel();
  const selection = new SelectionModel();
  const changes = new FakeChanges();
  const memory = { read: () => kept, write: (text: string) => (kept = text) };
  const common = { client: server.client, changes, project: PROJECT.id, query, selection };
  const boardState = new BoardState({ ...common, memory });
  const colours = new ColoursModel();
  const shown = show(<Board {...common} colours={colours} boardState={boardState} />);
  return { ...shown, server, query, selection, boardState };
}

const chart = (name: string | RegExp) => screen.findByRole('figure', { name });
const titles = () => screen.getAllByRole('figure').map(one => one.getAttribute('aria-label'));
const press = (element: HTMLElement, key: string) => fireEvent.keyDown(element, { key });

async function addAll(): Promise<void> {
  fireEvent.click(await screen.findByRole('button', { name: 'Add them all' }));
  await chart('acc by lr');
}

describe('A board', () => {
  it('that is empty offers what these runs have to show', async () => {
    const { server } = open();
    fireEvent.click(await screen.findByRole('button', { name: 'acc by lr' }));
    await chart('acc by lr');
    await waitFor(() => expect(server.frames).toHaveLength(1));
    expect(server.frames[0].columns).toEqual([
      'experiment',
      'number',
      'name',
      'params.lr',
      'metrics.acc'
    ]);
  });

  it('draws the selected runs, or all that match', async () => {
    const { server, query, selection, boardState } = open();
    await addAll();
    await waitFor(() => expect(server.frames.length).toBeGreaterThan(0));
    expect(server.frames[0].target).toEqual({ scope: query.scope });
    const before = server.frames.length;
    act(() => selection.set(['a', 'b']));
    await waitFor(() => expect(server.frames.length).toBeGreaterThan(before));
    expect(server.frames[before].target).toEqual({ runs: ['a', 'b'] });
    fireEvent.change(screen.getByRole('combobox', { name: 'Which runs are drawn' }), {
      target: { value: 'all' }
    });
    expect(boardState.source.target).toEqual({ scope: query.narrowed });
  });

  it('moves, sizes, takes away and brings back charts by the keyboard', async () => {
    const { boardState } = open();
    await addAll();
    const all = titles();
    press(screen.getByRole('button', { name: 'Move acc by lr' }), 'ArrowRight');
    expect(titles()).toEqual([all[0], all[2], all[1], ...all.slice(3)]);
    press(screen.getByRole('button', { name: 'Resize acc by lr' }), 'ArrowDown');
    expect(boardState.board.charts[2].height).toBe(300);
    // From right to left, the right arrow goes back.
    const grip = screen.getByRole('button', { name: 'Move acc by lr' });
    grip.style.direction = 'rtl';
    press(grip, 'ArrowRight');
    expect(titles()).toEqual(all);
    press(grip, 'ArrowLeft');
    fireEvent.click(screen.getByRole('button', { name: 'Take away acc by lr' }));
    expect(titles()).not.toContain('acc by lr');
    fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
    expect(titles()[2]).toBe('acc by lr');
  });

  it('changes a chart in its place, shows its data, and puts it into a notebook', async () => {
    const { server, executed } = open();
    await addAll();
    const card = within(await chart('acc by lr'));
    fireEvent.click(card.getByRole('button', { name: 'Options of acc by lr' }));
    const vertical = card.getByRole('combobox', { name: 'Vertical' });
    fireEvent.change(vertical, { target: { value: 'metrics.loss' } });
    fireEvent.keyDown(vertical, { key: 'Enter' });
    const changed = within(await chart('loss by lr'));
    await waitFor(() =>
      expect(server.frames[server.frames.length - 1].columns).toContain('metrics.loss')
    );
    const data = changed.getByRole('button', { name: /Show the data/ });
    await waitFor(() => expect(data.hasAttribute('disabled')).toBe(false));
    fireEvent.click(data);
    await waitFor(() => expect(changed.getAllByRole('row')).toHaveLength(4));
    expect(changed.getByRole('cell', { name: 'churn #3' })).toBeTruthy();
    fireEvent.click(changed.getByRole('button', { name: 'Put into notebook' }));
    const [[command, args]] = executed;
    expect(command).toBe(CommandIDs.insertChart);
    expect((args as { code: string }).code).toContain(
      'tb.chart("scatter", x="params.lr", y="metrics.loss")'
    );
  });

  it('says what went wrong in the chart alone, and tries again', async () => {
    const server = new FakeServer();
    server.error = new ApiError('column', 'This column can’t be read.', 400);
    open(server);
    fireEvent.click(await screen.findByRole('button', { name: 'acc by lr' }));
    const card = within(await chart('acc by lr'));
    expect((await card.findByRole('alert')).textContent).toContain('This column can’t be read.');
    server.error = null;
    fireEvent.click(card.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(card.queryByRole('alert')).toBeNull());
  });

  it('is there again after a reload, saved or not', async () => {
    const first = open();
    await addAll();
    const all = titles();
    first.unmount();
    first.boardState.dispose();
    open();
    await chart('acc by lr');
    expect(titles()).toEqual(all);
  });

  it('is saved under a name, and tells when somebody else has saved it since', async () => {
    const { server, boardState } = open();
    await addAll();
    fireEvent.click(screen.getByRole('button', { name: 'Save as…' }));
    const name = screen.getByRole('textbox', { name: 'Name of the board' });
    fireEvent.change(name, { target: { value: 'Mine' } });
    fireEvent.submit(name);
    await waitFor(() => expect(boardState.views.current?.name).toBe('Mine'));
    expect(boardState.views.isChanged).toBe(false);
    fireEvent.click(screen.getByRole('button', { name: 'Take away acc by lr' }));
    expect(boardState.views.isChanged).toBe(true);
    server.views = server.views.map(view => ({ ...view, revision: 7 }));
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await screen.findByText(/Somebody else has saved “Mine”/);
    fireEvent.click(screen.getByRole('button', { name: 'Save mine over it' }));
    await waitFor(() => expect(boardState.views.isChanged).toBe(false));
    expect(server.views[0].revision).toBe(8);
    fireEvent.click(screen.getByRole('button', { name: 'Delete' }));
    await screen.findByText('“Mine” was deleted.');
    fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(server.views.map(view => view.name)).toEqual(['Mine']));
  });
});
