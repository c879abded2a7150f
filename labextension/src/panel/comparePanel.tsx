import { MainAreaWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import type { IClient } from '../client/tokens';
import { ComparePage } from '../components/ComparePage';
import { compareIcon } from '../icons';
import type { IChanges } from '../models/changes';
import type { ColoursModel } from '../models/colours';
import { CompareModel } from '../models/compare';
import { CurveSheet } from '../models/curveSheet';
import { NotebookDifferencesModel } from '../models/notebookDifferences';
import { PageState } from '../models/pageState';
import { type IViewOptions, ViewWidget } from './viewWidget';

/** A comparison as a tab of the main area. */
export class ComparePanel extends MainAreaWidget<ViewWidget> {
  constructor(options: ComparePanel.IOptions) {
    const { client, changes, project, runs, colours } = options;
    const model = new CompareModel({ client, changes, project, runs });
    const notebooks = new NotebookDifferencesModel({ client, changes, project });
    const state = new PageState(options.tab);
    let sheet: CurveSheet | null = null;
    const sheetOf = (ids: readonly string[]) => {
      if (sheet?.runs !== ids) {
        sheet?.dispose();
        sheet = new CurveSheet({ client, changes, project, runs: ids });
      }
      return sheet;
    };
    super({
      content: new ViewWidget(options, () => (
        <ComparePage
          model={model}
          notebooks={notebooks}
          sheetOf={sheetOf}
          colours={colours}
          state={state}
        />
      ))
    });
    this.model = model;
    this.notebooks = notebooks;
    this.state = state;
    this.id = `trackbook-compare-${runs.join('-')}`;
    this.addClass('trackbook-MainArea');
    this.addClass('trackbook-ComparePanel');
    this.toolbar.hide();
    this.title.icon = compareIcon;
    this.title.closable = true;
    this.title.label = options.trans.__('Compare %1 runs', runs.length);
    colours.assign(runs);
    model.changed.connect(() => {
      const numbers = (model.comparison?.runs ?? []).map(run => `#${run.number}`).join(', ');
      this.title.caption = numbers;
      this.title.label = options.trans.__('Compare %1 runs', model.runs.length);
    });
    this.disposed.connect(() => {
      sheet?.dispose();
      notebooks.dispose();
      model.dispose();
    });
  }

  /** Go to the next cell that differs, or with -1 to the one before. */
  stepDifference(direction: 1 | -1): void {
    this.state.setTab('cells');
    this.notebooks.step(direction);
  }

  readonly model: CompareModel;
  readonly notebooks: NotebookDifferencesModel;
  readonly state: PageState;
}

export namespace ComparePanel {
  export interface IOptions extends IViewOptions {
    client: Pick<IClient, 'compare' | 'curves'> & NotebookDifferencesModel.IOptions['client'];
    changes: IChanges;
    colours: ColoursModel;
    project: string;
    runs: readonly string[];
    tab: string | null;
  }
}
