import { toApiError } from '../../client/errors';
import type { IClient, IRunEdit } from '../../client/tokens';
import { Observable } from '../observable';
import { tagsFromText, tagsToText } from '../tagText';

/** What of a run is edited in place: a field, or one tag. */
export type TableField =
  { readonly kind: 'name' | 'notes' | 'tags' } | { readonly kind: 'tag'; readonly key: string };

/** What is being edited. */
export interface ICellEdit {
  readonly id: string;
  readonly field: TableField;
  /** The text as it was; null while it is on its way. */
  readonly before: string | null;
}

/** A text of a run that is edited over its cell. What was typed stays until it is saved or given up. */
export class CellEditing extends Observable {
  constructor(
    private readonly _client: Pick<IClient, 'run' | 'editRun'>,
    private readonly _project: string,
    private readonly _onSaved: (id: string) => void
  ) {
    super();
  }

  get current(): ICellEdit | null {
    return this._current;
  }

  /** What was typed. */
  get text(): string {
    return this._text;
  }

  get isSaving(): boolean {
    return this._isSaving;
  }

  /** Why it could not be saved, or read. */
  get error(): string | null {
    return this._error;
  }

  /** Edit a text; one that is edited already stays open until it is saved. */
  async begin(id: string, field: TableField): Promise<void> {
    if (this._current && !(await this.save())) {
      return;
    }
    const edit: ICellEdit = { id, field, before: null };
    this._current = edit;
    this._text = '';
    this._error = null;
    this.emitChanged();
    try {
      const { run } = await this._client.run(this._project, id);
      if (this._current === edit) {
        this._tags = run.tags;
        this._text = textOf(run, field);
        this._current = { ...edit, before: this._text };
      }
    } catch (error) {
      if (this._current === edit) {
        this._error = toApiError(error).message;
      }
    }
    this.emitChanged();
  }

  setText(text: string): void {
    this._text = text;
    this.emitChanged();
  }

  /** Leave the text as it was. */
  cancel(): void {
    this._current = null;
    this._error = null;
    this.emitChanged();
  }

  /** Save what was typed; false, and everything stays, if that fails. */
  async save(): Promise<boolean> {
    const edit = this._current;
    if (!edit || this._isSaving) {
      return !edit;
    }
    if (edit.before === null || edit.before === this._text) {
      this.cancel();
      return true;
    }
    this._isSaving = true;
    this._error = null;
    this.emitChanged();
    try {
      await this._client.editRun(this._project, edit.id, this._changeOf(edit.field));
      this._current = null;
      this._onSaved(edit.id);
    } catch (error) {
      this._error = toApiError(error).message;
    }
    this._isSaving = false;
    this.emitChanged();
    return this._error === null;
  }

  private _changeOf(field: TableField): IRunEdit {
    const text = this._text;
    switch (field.kind) {
      case 'name':
        return { name: text };
      case 'notes':
        return { notes: text };
      case 'tags':
        return { tags: tagsFromText(text, this._tags) };
      default:
        return { tags: { [field.key]: text === '' ? null : text } };
    }
  }

  private _current: ICellEdit | null = null;
  private _tags: Readonly<Record<string, string>> = {};
  private _text = '';
  private _error: string | null = null;
  private _isSaving = false;
}

function textOf(
  run: { name: string; notes: string; tags: Readonly<Record<string, string>> },
  field: TableField
): string {
  switch (field.kind) {
    case 'tags':
      return tagsToText(run.tags);
    case 'tag':
      return run.tags[field.key] ?? '';
    default:
      return run[field.kind];
  }
}
