import { type ApiError, toApiError } from '../client/errors';
import type { IParameter, IProposal } from '../client/parameters';
import type { IClient, IJobRequest, IParameters } from '../client/tokens';
import type { IJob, IProject, JsonValue } from '../client/types';
import { FieldError, type FieldProblem } from './fieldProblem';
import { readSweep, readValue } from './fieldValue';
import { Observable } from './observable';

/** What the user wrote for one parameter. Without text the notebook's own value stays. */
export interface IField {
  parameter: IParameter;
  text: string;
  isSweep: boolean;
  /** What is wrong with the text, as far as can be seen here. */
  problem: FieldProblem | null;
  /** The problem with what it is about; for an item inside a list, with its place. */
  fault: FieldError | null;
  /** What the server said about the parameter. */
  complaint: string | null;
}

/** What goes with the jobs beside their parameters; as text, as it was written. */
export interface IJobOptions {
  experiment: string;
  parallel: string;
  /** In minutes, for each job. */
  timeout: string;
}

/** The form that runs a notebook as jobs: fields, what is wrong with them, and the jobs that came of it. */
export class JobFormModel extends Observable {
  constructor(options: JobFormModel.IOptions) {
    super();
    this._client = options.client;
    this.notebook = options.notebook;
    void this.load();
  }

  /** The contents path of the notebook. */
  readonly notebook: string;

  /** The project of the notebook; null until it is known. */
  get project(): IProject | null {
    return this._project;
  }

  get fields(): readonly IField[] | null {
    return this._fields;
  }

  get options(): IJobOptions {
    return this._options;
  }

  get kernel(): string | null {
    return this._kernel;
  }

  /** Constants that may become parameters, where the notebook has no parameters cell. */
  get proposals(): readonly IProposal[] {
    return this._proposals;
  }

  /** What will be a problem with the parameters, in sentences. */
  get problems(): readonly string[] {
    return this._problems;
  }

  /** Why the form can't be shown, or why the jobs weren't taken. */
  get error(): ApiError | null {
    return this._error;
  }

  get isSubmitting(): boolean {
    return this._isSubmitting;
  }

  /** The jobs that this form has started, the last ones first. */
  get submitted(): readonly IJob[] {
    return this._submitted;
  }

  /** How many jobs the form makes; null while a field is wrong. */
  get count(): number | null {
    const request = this._request();
    return request && Object.values(request.sweep).reduce((n, values) => n * values.length, 1);
  }

  /** Whether a value of `options` can't be used. */
  isWrong(option: keyof IJobOptions): boolean {
    const text = this._options[option].trim();
    if (option === 'experiment' || text === '') {
      return false;
    }
    const value = Number(text);
    return option === 'parallel'
      ? !(Number.isInteger(value) && value >= 1 && value <= 64)
      : !(value > 0);
  }

  /** Read the parameters from the saved notebook; what was written stays where the name stays. */
  async load(): Promise<void> {
    try {
      this._project ??= await this._openProject();
      this._show(await this._client.parameters(this._project.id, this.notebook));
    } catch (error) {
      this._error = toApiError(error);
    }
    this.emitChanged();
  }

  /** Make proposed constants parameters, in the notebook's file. Returns whether that was done. */
  async accept(names: readonly string[]): Promise<boolean> {
    let done = false;
    try {
      this._project ??= await this._openProject();
      this._show(await this._client.makeParameters(this._project.id, this.notebook, names));
      done = true;
    } catch (error) {
      this._error = toApiError(error);
    }
    this.emitChanged();
    return done;
  }

  /** Write a field. */
  setField(name: string, change: Partial<Pick<IField, 'text' | 'isSweep'>>): void {
    this._fields = (this._fields ?? []).map(field =>
      field.parameter.name === name ? check({ ...field, ...change, complaint: null }) : field
    );
    this.emitChanged();
  }

  setOption(name: keyof IJobOptions, text: string): void {
    this._options = { ...this._options, [name]: text };
    this.emitChanged();
  }

  /** Start the jobs; tells of what the server refuses in the field that it is about. */
  async submit(): Promise<void> {
    const request = this._request();
    if (!request || this._project === null || this._isSubmitting) {
      return;
    }
    this._isSubmitting = true;
    this._error = null;
    this.emitChanged();
    try {
      const jobs = await this._client.submitJobs(this._project.id, request);
      this._submitted = [...jobs, ...this._submitted];
    } catch (error) {
      this._refused(toApiError(error));
    }
    this._isSubmitting = false;
    this.emitChanged();
  }

  private _refused(error: ApiError): void {
    const fields = this._fields ?? [];
    const reasons = error.code === 'parameter' ? error.reasons : new Map<string, string>();
    const known = new Set(fields.map(field => field.parameter.name));
    if (!reasons.size || [...reasons.keys()].some(name => !known.has(name))) {
      this._error = error;
    }
    this._fields = fields.map(field => {
      const complaint = reasons.get(field.parameter.name);
      return complaint === undefined ? field : { ...field, complaint };
    });
  }

  private _show({ parameters, kernel, proposals, problems }: IParameters): void {
    const before = new Map(this._fields?.map(field => [field.parameter.name, field]));
    this._fields = parameters.map(parameter => {
      const { text = '', isSweep = false } = before.get(parameter.name) ?? {};
      return check({ parameter, text, isSweep, problem: null, fault: null, complaint: null });
    });
    this._kernel = kernel;
    this._proposals = proposals;
    this._problems = problems;
    this._error = null;
  }

  private async _openProject(): Promise<IProject> {
    const project = await this._client.findProject(this.notebook);
    return project ?? this._client.createProject(this.notebook);
  }

  private _request(): IJobRequest | null {
    const wrongOption = (['parallel', 'timeout'] as const).some(name => this.isWrong(name));
    if (!this._fields || wrongOption || this._fields.some(field => field.problem)) {
      return null;
    }
    const params: Record<string, JsonValue> = {};
    const sweep: Record<string, JsonValue[]> = {};
    for (const { parameter, text, isSweep } of this._fields) {
      if (isSweep) {
        sweep[parameter.name] = readSweep(parameter, text);
      } else if (text.trim() !== '') {
        params[parameter.name] = readValue(parameter, text);
      }
    }
    const { experiment, parallel, timeout } = this._options;
    return {
      notebook: this.notebook,
      params,
      sweep,
      ...(experiment.trim() && { experiment: experiment.trim() }),
      ...(parallel.trim() && { parallel: Number(parallel) }),
      ...(timeout.trim() && { timeout: Number(timeout) * 60 })
    };
  }

  private readonly _client: JobFormModel.Client;
  private _project: IProject | null = null;
  private _fields: readonly IField[] | null = null;
  private _options: IJobOptions = { experiment: '', parallel: '1', timeout: '' };
  private _kernel: string | null = null;
  private _proposals: readonly IProposal[] = [];
  private _problems: readonly string[] = [];
  private _error: ApiError | null = null;
  private _isSubmitting = false;
  private _submitted: readonly IJob[] = [];
}

export namespace JobFormModel {
  export type Client = Pick<
    IClient,
    'findProject' | 'createProject' | 'parameters' | 'makeParameters' | 'submitJobs'
  >;

  export interface IOptions {
    client: Client;
    notebook: string;
  }
}

function check(field: IField): IField {
  const { parameter, text, isSweep } = field;
  try {
    if (isSweep) {
      readSweep(parameter, text);
    } else if (text.trim() !== '') {
      readValue(parameter, text);
    }
  } catch (error) {
    if (error instanceof FieldError) {
      return { ...field, problem: error.problem, fault: error };
    }
    throw error;
  }
  return { ...field, problem: null, fault: null };
}
