/** An answer that is no success, or no answer at all. */
export class ApiError extends Error {
  /** What kind of error: the server's code, or `network` / `http` where it did not get to say. */
  readonly code: string;
  /** The HTTP status; 0 when nothing answered. */
  readonly status: number;
  /** What else the server told: position, name, suggestions … */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    status: number,
    details: Readonly<Record<string, unknown>> = {}
  ) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.details = details;
  }

  /** Where in the search text the error lies, counted from 0; null when it is not about a place. */
  get position(): number | null {
    const { position } = this.details;
    return typeof position === 'number' ? position : null;
  }

  /** The name (of a parameter, say) that the error is about; null when it is about none. */
  get subject(): string | null {
    const { name } = this.details;
    return typeof name === 'string' ? name : null;
  }

  /** What is wrong with each of several things that the error is about; by name. */
  get reasons(): ReadonlyMap<string, string> {
    const { problems } = this.details;
    const each = Array.isArray(problems) ? (problems as Record<string, unknown>[]) : [this.details];
    return new Map(
      each.flatMap(({ name, reason }) =>
        typeof name === 'string' ? [[name, typeof reason === 'string' ? reason : this.message]] : []
      )
    );
  }

  /** The cause in one sentence, without what the server added for a terminal. */
  get reason(): string {
    const { reason } = this.details;
    return typeof reason === 'string' ? reason : this.message;
  }
}

/** Return `error` as an ApiError, whatever it was. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) {
    return error;
  }
  return new ApiError('unknown', error instanceof Error ? error.message : String(error), 0);
}

/** Tell whether a request was given up by its caller. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
