import { type ApiError, toApiError } from '../client/errors';
import type { IParameter, IProposal } from '../client/parameters';
import type { ISweep, ISweepRequest, Space } from '../client/sweeps';
import type { IClient, IParameters } from '../client/tokens';
import type { IJob, IProject } from '../client/types';
import { FieldError, type FieldProblem } from './fieldProblem';
import { type IRangeText, NO_RANGE, RangeFault, readList, readRange } from './fieldRange';
import { readValue } from './fieldValue';
import { makeJobRequest, makeSharingQuestion, makeSweepRequest } from './jobRequests';
import { Observable } from './observable';
import { SharedCells } from './sharedCells';
import {
  countTrials,
  type ISweepOptions,
  type ISwept,
  problemsOf,
  samplerOf,
  SWEEP_DEFAULTS,
  type SweepProblems
} from './sweepOptions';
import { isSystemKey } from './systemMetrics';

/** How a parameter is set: to one value, or swept over some values or a range. */
export type FieldMode = 'value' | 'list' | 'range';

/** What the user wrote for one parameter. Without text the notebook's own value stays. */
export interface IField {
  parameter: IParameter;
  mode: FieldMode;
  text: string;
  range: IRangeText;
  /** What is wrong with the range. */
  rangeFault: RangeFault | null;
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

/** A metric that earlier runs of the notebook had, and its goal where they said one. */
export interface IKnownMetric {
  name: string;
  goal: string | undefined;
}

/** How many of the notebook's last runs are asked for their metrics. */
const ASKED_RUNS = 20;

/** The form that runs a notebook as jobs: fields, what is wrong with them, and the jobs that came of it. */
export class JobFormModel extends Observable {
  constructor(options: JobFormModel.IOptions) {
    super();
    this._client = options.client;
    this.notebook = options.notebook;
    this.shared = new SharedCells(options);
    this.changed.connect(() => this._askWhatIsShared());
    void this.load();
  }

  /** The contents path of the notebook. */
  readonly notebook: string;

  /** Which cells the trials would share, if they are to. */
  readonly shared: SharedCells;

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

  /** The sweeps that this form has started, the last ones first. */
  get sweeps(): readonly ISweep[] {
    return this._sweeps;
  }

  /** Whether any parameter is swept. */
  get isSweep(): boolean {
    return (this._fields ?? []).some(field => field.mode !== 'value');
  }

  get sweepOptions(): ISweepOptions {
    return this._sweepOptions;
  }

  /** What is wrong with the options of the sweep. */
  get sweepProblems(): SweepProblems {
    const swept = this._swept();
    return swept ? problemsOf(this._sweepOptions, swept) : {};
  }

  /** The sampler that the sweep will have. */
  get sampler(): ISweepRequest['sampler'] {
    const hasRange = (this._fields ?? []).some(field => field.mode === 'range');
    return samplerOf(this._sweepOptions, hasRange);
  }

  /** Whether copies of the kernel's state are kept for going on after a failure. */
  get keepsSnapshots(): boolean {
    return this._keepsSnapshots;
  }

  /** The metrics that the notebook's last runs had. */
  get metrics(): readonly IKnownMetric[] {
    return this._metrics;
  }

  /** How many jobs the form makes; null while a field is wrong. */
  get count(): number | null {
    const swept = this._swept();
    if (!swept || !this._isReady()) {
      return null;
    }
    return swept.length ? countTrials(this._sweepOptions, swept) : 1;
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
      void this._findMetrics(this._project.id);
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
  setField(name: string, change: Partial<Pick<IField, 'text' | 'mode' | 'range'>>): void {
    this._fields = (this._fields ?? []).map(field =>
      field.parameter.name === name ? check({ ...field, ...change, complaint: null }) : field
    );
    this.emitChanged();
  }

  setOption(name: keyof IJobOptions, text: string): void {
    this._options = { ...this._options, [name]: text };
    this.emitChanged();
  }

  setSweepOptions(change: Partial<ISweepOptions>): void {
    this._sweepOptions = { ...this._sweepOptions, ...change };
    this.emitChanged();
  }

  setKeepsSnapshots(keeps: boolean): void {
    this._keepsSnapshots = keeps;
    this.emitChanged();
  }

  /** Start the jobs, or the sweep; tells of what the server refuses in the field that it is about. */
  async submit(): Promise<void> {
    const { _project: project } = this;
    const swept = this._swept();
    if (!swept || this.count === null || project === null || this._isSubmitting) {
      return;
    }
    this._isSubmitting = true;
    this._error = null;
    this.emitChanged();
    try {
      if (swept.length) {
        const sweep = await this._client.startSweep(project.id, makeSweepRequest(this, swept));
        this._sweeps = [sweep, ...this._sweeps];
      } else {
        const jobs = await this._client.submitJobs(project.id, makeJobRequest(this));
        this._submitted = [...jobs, ...this._submitted];
      }
    } catch (error) {
      this._refused(toApiError(error));
    }
    this._isSubmitting = false;
    this.emitChanged();
  }

  override dispose(): void {
    this.shared.dispose();
    super.dispose();
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
      const { mode = 'value', text = '', range = NO_RANGE } = before.get(parameter.name) ?? {};
      const unchecked = { rangeFault: null, problem: null, fault: null, complaint: null };
      return check({ parameter, mode, text, range, ...unchecked });
    });
    this._kernel = kernel;
    this._proposals = proposals;
    this._problems = problems;
    this._error = null;
    this.shared.forget();
  }

  private async _openProject(): Promise<IProject> {
    const project = await this._client.findProject(this.notebook);
    return project ?? this._client.createProject(this.notebook);
  }

  private _askWhatIsShared(): void {
    const swept = this._sweepOptions.sharePrefix ? this._swept() : null;
    const isAsked = swept?.length && !this._fields?.some(field => field.problem);
    this.shared.want(this._project?.id ?? null, isAsked ? makeSharingQuestion(this, swept) : null);
  }

  /** Whether all that was written can be used. */
  private _isReady(): boolean {
    return (
      this._fields !== null &&
      !(['parallel', 'timeout'] as const).some(name => this.isWrong(name)) &&
      !this._fields.some(field => field.problem ?? field.rangeFault) &&
      !(this.isSweep && Object.keys(this.sweepProblems).length)
    );
  }

  /** The parameters that are swept; null while one of them is wrong. */
  private _swept(): ISwept[] | null {
    const swept = (this._fields ?? []).filter(field => field.mode !== 'value');
    if (swept.some(field => field.problem ?? field.rangeFault)) {
      return null;
    }
    return swept.map(field => ({ parameter: field.parameter, space: spaceOf(field) }));
  }

  /** Learn which metrics the notebook's runs have, to offer them; without an answer, they are typed. */
  private async _findMetrics(project: string): Promise<void> {
    const query = { notebook: this.notebook, limit: ASKED_RUNS };
    const page = await this._client.runs(project, query).catch(() => null);
    const goals = new Map<string, string | undefined>();
    for (const { metrics, goals: own } of page?.runs ?? []) {
      Object.keys(metrics)
        .filter(name => !isSystemKey(name))
        .forEach(name => goals.set(name, goals.get(name) ?? own[name]));
    }
    this._metrics = [...goals].map(([name, goal]) => ({ name, goal }));
    this.emitChanged();
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
  private _sweeps: readonly ISweep[] = [];
  private _sweepOptions = SWEEP_DEFAULTS;
  private _keepsSnapshots = false;
  private _metrics: readonly IKnownMetric[] = [];
}

export namespace JobFormModel {
  export type Client = Pick<
    IClient,
    | 'findProject'
    | 'createProject'
    | 'parameters'
    | 'makeParameters'
    | 'submitJobs'
    | 'startSweep'
    | 'sharing'
    | 'runs'
  >;

  export interface IOptions {
    client: Client;
    notebook: string;
    /** How long nothing may have changed before what is shared is asked for, in milliseconds. */
    delay?: number;
  }
}

/** What a swept parameter may be; throws what is wrong with it. */
function spaceOf({ parameter, mode, text, range }: IField): Space {
  return mode === 'range' ? readRange(parameter, range) : readList(parameter, text);
}

function check(field: IField): IField {
  const { parameter, text, mode } = field;
  const checked = { ...field, problem: null, fault: null, rangeFault: null };
  try {
    if (mode !== 'value') {
      spaceOf(field);
    } else if (text.trim() !== '') {
      readValue(parameter, text);
    }
  } catch (error) {
    if (error instanceof FieldError) {
      return { ...checked, problem: error.problem, fault: error };
    }
    if (error instanceof RangeFault) {
      return { ...checked, rangeFault: error };
    }
    throw error;
  }
  return checked;
}
