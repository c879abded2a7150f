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
  return {
    cells: [
      cell as nbformat.ICell,
      { id: 'b', cell_type: 'markdown', source: '# b', metadata: {} }
    ],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5
  };
}

describe('thinNotebook', () => {
  it('keeps sources, counts and that there are outputs, without their weight', () => {
    const notebook = withOutputs([
      { output_type: 'stream', name: 'stdout', text: ['a\n', 'b'.repeat(50_000)] },
      {
        output_type: 'display_data',
        data: { 'image/png': 'A'.repeat(1_000_000), 'text/plain': '<Figure>' },
        metadata: {}
      },
      { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['t'] }
    ]);
    const thin = thinNotebook(notebook);
    expect(JSON.stringify(thin).length).toBeLessThan(15_000);
    const outputs = thin.cells[0].outputs as nbformat.IOutput[];
    expect(outputs.map(output => output.output_type)).toEqual(['stream', 'display_data', 'error']);
    expect((outputs[0].text as string).startsWith('a\nbbb')).toBe(true);
    expect(outputs[1].data).toEqual({ 'image/png': '', 'text/plain': '<Figure>' });
    expect(outputs[2]).toEqual({ output_type: 'error', ename: 'E', evalue: 'v', traceback: ['t'] });
    expect(thin.cells[0].execution_count).toBe(3);
    expect(thin.cells[1]).toEqual(notebook.cells[1]);
  });

  it('leaves the notebook alone, and thins a frozen cell once', () => {
    const notebook = withOutputs([{ output_type: 'stream', name: 'stdout', text: 'a' }]);
    const before = JSON.stringify(notebook);
    const [first] = thinNotebook(notebook).cells;
    expect(thinNotebook(notebook).cells[0]).toBe(first);
    expect(JSON.stringify(notebook)).toBe(before);
  });
});
