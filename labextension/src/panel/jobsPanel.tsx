import { MainAreaWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import type { IClient } from '../client/tokens';
import { JobsPage } from '../components/JobsPage';
import { jobIcon } from '../icons';
import type { IChanges } from '../models/changes';
import { FixedProject } from '../models/fixedProject';
import { PageState } from '../models/pageState';
import { QueueModel } from '../models/queue';
import { SweepsModel } from '../models/sweeps';
import { type IViewOptions, ViewWidget } from './viewWidget';

/** The jobs and sweeps of a project, as a tab of the main area. */
export class JobsPanel extends MainAreaWidget<ViewWidget> {
  constructor(options: JobsPanel.IOptions) {
    const { client, changes, project } = options;
    const model = new QueueModel({ client, changes, project });
    const sweeps = new SweepsModel({ client, changes, project: new FixedProject(project) });
    const state = new PageState(options.tab);
    super({
      content: new ViewWidget(options, () => (
        <JobsPage model={model} sweeps={sweeps} state={state} />
      ))
    });
    this.model = model;
    this.state = state;
    this._sweeps = sweeps;
    this.id = `trackbook-jobs-${project}`;
    this.addClass('trackbook-MainArea');
    this.toolbar.hide();
    this.title.icon = jobIcon;
    this.title.closable = true;
    this.title.label = options.trans.__('Jobs');
    this.title.caption = options.trans.__('Jobs and sweeps');
  }

  readonly model: QueueModel;
  readonly state: PageState;

  override dispose(): void {
    if (!this.isDisposed) {
      this.model.dispose();
      this._sweeps.dispose();
      super.dispose();
    }
  }

  private readonly _sweeps: SweepsModel;
}

export namespace JobsPanel {
  export interface IOptions extends IViewOptions {
    client: QueueModel.Client & Pick<IClient, 'sweeps'>;
    changes: IChanges;
    project: string;
    tab: string | null;
  }
}
