import type * as nbformat from '@jupyterlab/nbformat';

import { thinNotebook } from '../../src/lint/thin';

function withOutputs(outputs: unknown[]): nbformat.INotebookContent {
  const cell = {
    id: 'a',
    cell_type: 'code',
    source: 'x',
    metadata: {},
    execution_count: 3,
    outputs
  };
  const small = { output_type: 'stream', name: 'stdout', text: 'small' };
  return {
    cells: [
      cell as nbformat.ICell,
      { id: 'b', cell_type: 'markdown', source: '# b', metadata: {} },
      { ...cell, id: 'c', outputs: [small] }
    ],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5
  };
}

const HEAVY = [
  { output_type: 'stream', name: 'stdout', text: ['a\n', 'b'.repeat(50_000)] },
  {
    output_type: 'display_data',
    data: { 'image/png': 'A'.repeat(3_000_000), 'text/plain': '<Figure>' },
    metadata: {}
  },
  { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['t'] }
];

describe('thinNotebook', () => {
  it('leaves a notebook alone whose outputs are light', () => {
    const notebook = withOutputs([HEAVY[0], HEAVY[2]]);
    const thin = thinNotebook(notebook);
    expect(thin.content).toBe(notebook);
    expect(thin.isThinned).toBe(false);
  });

  it('keeps of heavy ones that they are there, and the beginning of their text', () => {
    const notebook = withOutputs(HEAVY);
    const { content, isThinned } = thinNotebook(notebook);
    expect(isThinned).toBe(true);
    expect(JSON.stringify(content).length).toBeLessThan(15_000);
    const outputs = content.cells[0].outputs as nbformat.IOutput[];
    expect(outputs.map(output => output.output_type)).toEqual(['stream', 'display_data', 'error']);
    expect((outputs[0].text as string).startsWith('a\nbbb')).toBe(true);
    expect(outputs[1].data).toEqual({ 'image/png': '', 'text/plain': '<Figure>' });
    expect(outputs[2]).toEqual(HEAVY[2]);
    expect(content.cells[0].execution_count).toBe(3);
    expect(content.cells.slice(1)).toEqual(notebook.cells.slice(1));
  });

  it('changes nothing of the notebook, and looks at a frozen cell once', () => {
    const notebook = withOutputs(HEAVY);
    const before = JSON.stringify(notebook);
    const [first] = thinNotebook(notebook).content.cells;
    expect(thinNotebook(notebook).content.cells[0]).toBe(first);
    expect(JSON.stringify(notebook)).toBe(before);
  });
});
