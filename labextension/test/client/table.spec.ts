import {
  type IGroupsRequest,
  type ITableRequest,
  type IView,
  TableClient
} from '../../src/client/table';
import { fakeServer, type IAsked } from '../support/http';
import { sample } from '../support/samples';

function makeClient(body: unknown): { client: TableClient; asked: IAsked[] } {
  const { serverSettings, asked } = fakeServer(body);
  return { client: new TableClient(serverSettings), asked };
}

const P = '019aa5a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b';
const BASE = `/base/trackbook/api/projects/${P}`;

describe('TableClient', () => {
  it('asks for a window, and makes numbers of what is not finite where a column has numbers', async () => {
    const { client, asked } = makeClient(sample('table'));
    const request = sample<ITableRequest>('table-request');
    const columns = ['name', 'params.lr', 'metrics.acc', 'a / metrics.b', 'started', 'tags.team'];
    const page = await client.window(P, { ...request, columns });
    expect([asked[0].method, asked[0].url.pathname]).toEqual(['POST', `${BASE}/table`]);
    expect(asked[0].body).toEqual({ ...request, columns });
    expect(page.columns[2]).toEqual([0.9312, NaN, null]);
    expect(page.columns[3]).toEqual([4.263736, null, Infinity]);
    expect(page.columns[1]).toEqual([0.1, 'auto', null]);
    expect(page.sparks[0]).toEqual([[1.9, 1.2, 0.2184], [1.9, NaN, Infinity], null]);
    const named = { columns: [['NaN']], sparks: [], ids: ['a'], total: 1, revision: 1 };
    const other = makeClient(named).client;
    expect((await other.window(P, { columns: ['tags.metrics.x'] })).columns).toEqual([['NaN']]);
  });

  it('asks for groups with their aggregates as numbers', async () => {
    const { client, asked } = makeClient(sample('groups'));
    const request = sample<IGroupsRequest>('groups-request');
    const page = await client.groups(P, request);
    expect(asked[0].url.pathname).toBe(`${BASE}/table/groups`);
    expect(asked[0].body).toEqual(request);
    expect(page.groups[0].columns[1]).toBeNull();
    expect(page.groups[1].columns[0]?.mean).toBe(Infinity);
    expect(page.groups[2].columns[0]).toEqual({
      count: 0,
      mean: null,
      min: null,
      max: null,
      std: null
    });
  });

  it('asks for columns, checks texts, and changes many runs', async () => {
    const columns = makeClient(sample('columns'));
    expect((await columns.client.columns(P)).columns[5].goal).toBe('max');
    expect([columns.asked[0].method, columns.asked[0].url.pathname]).toEqual([
      'GET',
      `${BASE}/columns`
    ]);
    const check = makeClient(sample('query-check'));
    const problem = await check.client.check(P, { query: 'metrics.acc > ' });
    expect([problem?.start, problem?.end, problem?.field]).toEqual([13, 13, 'query']);
    expect(await makeClient({ error: null }).client.check(P, {})).toBeNull();
    const bulk = makeClient(sample('bulk'));
    expect((await bulk.client.bulk(P, { runs: ['a'], action: 'trash' })).changed).toHaveLength(1);
    expect(bulk.asked[0].url.pathname).toBe(`${BASE}/runs/bulk`);
  });

  it('keeps views', async () => {
    const view = sample<IView>('view');
    const list = makeClient(sample('views'));
    expect((await list.client.views(P))[0]).toEqual(view);
    const { client, asked } = makeClient(view);
    await client.createView(P, { name: 'a', kind: 'board', content: {} });
    await client.changeView(P, view.id, { revision: 3, name: 'b' });
    await client.deleteView(P, view.id);
    expect(await client.view(P, view.id)).toEqual(view);
    expect(asked.map(({ method, url }) => [method, url.pathname.slice(BASE.length)])).toEqual([
      ['POST', '/views'],
      ['PUT', `/views/${view.id}`],
      ['DELETE', `/views/${view.id}`],
      ['GET', `/views/${view.id}`]
    ]);
    expect(asked[1].body).toEqual({ revision: 3, name: 'b' });
  });
});
