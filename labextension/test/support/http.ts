import { ServerConnection } from '@jupyterlab/services';

/** A request that reached the fake server. */
export interface IAsked {
  method: string;
  url: URL;
  body: unknown;
}

/** jsdom has no fetch: as much of a request as JupyterLab's connection touches. */
class FakeRequest {
  readonly headers = new Map<string, string>();
  readonly method: string;
  readonly body: string | undefined;

  constructor(
    readonly url: string,
    init: RequestInit
  ) {
    this.method = init.method ?? 'GET';
    this.body = init.body as string | undefined;
  }
}

/** Settings of a server that gives each request the same answer; text stands for a page that is no JSON. */
export function fakeServer(
  body: unknown,
  status = 200
): { serverSettings: ServerConnection.ISettings; asked: IAsked[] } {
  const asked: IAsked[] = [];
  const answer = (request: FakeRequest) => {
    const { method, url, body: text } = request;
    asked.push({ method, url: new URL(url), body: text && (JSON.parse(text) as unknown) });
    return Promise.resolve({
      ok: status < 400,
      status,
      statusText: '',
      json: () =>
        typeof body === 'string' ? Promise.reject(new Error('no JSON')) : Promise.resolve(body),
      blob: () => Promise.resolve(new Blob([String(body)]))
    });
  };
  return { serverSettings: makeSettings(answer as never), asked };
}

/** Settings of a server that nobody reaches. */
export function deadServer(): ServerConnection.ISettings {
  return makeSettings(() => Promise.reject(new TypeError('Failed to fetch')));
}

function makeSettings(fetch: ServerConnection.ISettings['fetch']): ServerConnection.ISettings {
  return ServerConnection.makeSettings({
    baseUrl: 'http://localhost:8888/base/',
    Request: FakeRequest as unknown as typeof Request,
    fetch
  });
}
