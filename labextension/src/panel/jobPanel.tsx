import { MainAreaWidget } from '@jupyterlab/apputils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import * as React from 'react';

import type { IClient } from '../client/tokens';
import { JobForm } from '../components/JobForm';
import { jobIcon } from '../icons';
import type { IChanges } from '../models/changes';
import { JobFormModel } from '../models/jobForm';
import { JobsModel } from '../models/jobs';
import { SweepsModel } from '../models/sweeps';
import { type IViewOptions, ViewWidget } from './viewWidget';

/** The form that runs a notebook as jobs, as a tab of the main area. */
export class JobPanel extends MainAreaWidget<ViewWidget> {
  constructor(options: JobPanel.IOptions) {
    const { client, changes, notebook } = options;
    const model = new JobFormModel({ client, notebook });
    const jobs = new JobsModel({ client, changes, project: model });
    const sweeps = new SweepsModel({ client, changes, project: model });
    const find = () => options.findDocument(notebook);
    const save = async () => {
      const context = find();
      if (context?.model.dirty) {
        await context.save();
      }
    };
    const submit = async () => {
      await save();
      await model.submit();
      await Promise.all([jobs.refresh(), sweeps.refresh()]);
    };
    const accept = async (names: readonly string[]) => {
      await save();
      if (await model.accept(names)) {
        await find()?.revert(); // the file has changed under the open document
      }
    };
    // When a save fails, the document has already said so; nothing was started.
    const quietly = (work: Promise<void>) => void work.catch(() => undefined);
    super({
      content: new ViewWidget(options, () => (
        <JobForm
          model={model}
          jobs={jobs}
          sweeps={sweeps}
          isDirty={find()?.model.dirty ?? false}
          onSubmit={() => quietly(submit())}
          onAccept={names => quietly(accept(names))}
          onSave={() => quietly(save().then(() => model.load()))}
        />
      ))
    });
    this.model = model;
    this.id = `trackbook-job-${notebook}`;
    this.addClass('trackbook-MainArea');
    this.toolbar.hide();
    this.title.icon = jobIcon;
    this.title.closable = true;
    this.title.label = options.trans.__('Job: %1', notebook.split('/').pop());
    this.title.caption = notebook;
    this._watch(find());
    this.disposed.connect(() => {
      jobs.dispose();
      sweeps.dispose();
      model.dispose();
    });
  }

  readonly model: JobFormModel;

  /** The form says whether the notebook is saved; look again when that changes. */
  private _watch(context: DocumentRegistry.Context | undefined): void {
    const update = () => this.content.update();
    context?.model.stateChanged.connect(update);
    this.disposed.connect(() => context?.model.stateChanged.disconnect(update));
  }
}

export namespace JobPanel {
  export interface IOptions extends IViewOptions {
    client: JobFormModel.Client & Pick<IClient, 'jobs' | 'cancelJob' | 'sweeps'>;
    changes: IChanges;
    /** The contents path of the notebook. */
    notebook: string;
    /** The open document at a path; undefined when it isn't open. */
    findDocument(path: string): DocumentRegistry.Context | undefined;
  }
}
