import { MainAreaWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { SweepPage } from '../components/SweepPage';
import { sweepIcon } from '../icons';
import type { ColoursModel } from '../models/colours';
import { PageState } from '../models/pageState';
import { SweepModel } from '../models/sweep';
import { type IViewOptions, ViewWidget } from './viewWidget';

/** A sweep's page as a tab of the main area. */
export class SweepPanel extends MainAreaWidget<ViewWidget> {
  constructor(options: SweepPanel.IOptions) {
    const { client, changes, project, sweep, colours, trans } = options;
    const model = new SweepModel({ client, changes, project, id: sweep });
    const state = new PageState(options.tab);
    super({
      content: new ViewWidget(options, () => (
        <SweepPage model={model} colours={colours} state={state} />
      ))
    });
    this.model = model;
    this.state = state;
    this.id = `trackbook-sweep-${sweep}`;
    this.addClass('trackbook-MainArea');
    this.toolbar.hide();
    this.title.icon = sweepIcon;
    this.title.closable = true;
    this.title.label = trans.__('Sweep');
    model.changed.connect(() => {
      const notebook = model.sweep?.notebook;
      if (notebook !== undefined) {
        this.title.label = trans.__('Sweep: %1', notebook.split('/').pop());
        this.title.caption = notebook;
      }
    });
    this.disposed.connect(() => model.dispose());
  }

  readonly model: SweepModel;
  readonly state: PageState;
}

export namespace SweepPanel {
  export interface IOptions extends IViewOptions {
    client: SweepModel.IOptions['client'];
    changes: SweepModel.IOptions['changes'];
    colours: ColoursModel;
    project: string;
    sweep: string;
    tab: string | null;
  }
}
