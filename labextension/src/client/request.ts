import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ApiError, isAbort } from './errors';

/** Where the server's handlers live, below Jupyter's base URL. */
const API = 'trackbook/api';

export type QueryValue = string | number | boolean | readonly string[] | null | undefined;

/** What goes with a request. */
export interface IRequestOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  query?: Readonly<Record<string, QueryValue>>;
  body?: unknown;
  signal?: AbortSignal;
}

/** Return `path` with its parts encoded and `query` behind it; empty values are left out. */
export function buildUrl(
  settings: ServerConnection.ISettings,
  path: readonly string[],
  query: Readonly<Record<string, QueryValue>> = {}
): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) {
      value.forEach((item: string) => search.append(key, item));
    } else if (value !== null && value !== undefined && value !== '') {
      search.append(key, String(value));
    }
  }
  const text = search.toString();
  const url = URLExt.join(settings.baseUrl, API, ...path.map(encodeURIComponent));
  return text ? `${url}?${text}` : url;
}

/** Ask the server; throws ApiError for any answer but success. */
export async function request(
  settings: ServerConnection.ISettings,
  path: readonly string[],
  options: IRequestOptions = {}
): Promise<Response> {
  const init: RequestInit = { method: options.method ?? 'GET', signal: options.signal };
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    const url = buildUrl(settings, path, options.query);
    response = await ServerConnection.makeRequest(url, init, settings);
  } catch (error) {
    if (isAbort(error) || options.signal?.aborted) {
      throw error;
    }
    throw new ApiError('network', 'The server didn’t answer.', 0);
  }
  if (!response.ok) {
    throw await readError(response);
  }
  return response;
}

/** Ask the server for JSON; throws ApiError for any answer but success. */
export async function requestJson<T>(
  settings: ServerConnection.ISettings,
  path: readonly string[],
  options: IRequestOptions = {}
): Promise<T> {
  const response = await request(settings, path, options);
  return (await response.json()) as T;
}

async function readError(response: Response): Promise<ApiError> {
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    body = null;
  }
  if (body !== null && typeof body === 'object' && 'code' in body) {
    const { code, message, ...details } = body as Record<string, unknown>;
    return new ApiError(String(code), String(message), response.status, details);
  }
  if (response.status === 404) {
    const text = 'Trackbook’s server extension isn’t enabled: jupyter server extension list';
    return new ApiError('http', text, response.status);
  }
  const text = `The server answered ${response.status} ${response.statusText}`.trim();
  return new ApiError('http', text, response.status);
}
