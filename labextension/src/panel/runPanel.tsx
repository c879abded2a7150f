import { MainAreaWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { RunPage } from '../components/RunPage';
import { runsIcon } from '../icons';
import type { ColoursModel } from '../models/colours';
import { CurveBoard } from '../models/curves';
import { CurveSheet } from '../models/curveSheet';
import { PageState } from '../models/pageState';
import { RunModel } from '../models/run';
import { type IViewOptions, ViewWidget } from './viewWidget';

/** A run's page as a tab of the main area. */
export class RunPanel extends MainAreaWidget<ViewWidget> {
  constructor(options: RunPanel.IOptions) {
    const { client, changes, project, run, colours } = options;
    const model = new RunModel({ client, changes, project, id: run });
    const board = new CurveBoard({ client, changes, project, runs: [run] });
    const sheet = new CurveSheet({ client, changes, project, runs: [run] });
    const state = new PageState(options.tab);
    super({
      content: new ViewWidget(options, () => (
        <RunPage model={model} board={board} sheet={sheet} colours={colours} state={state} />
      ))
    });
    this.model = model;
    this.state = state;
    this._board = board;
    this._sheet = sheet;
    this.id = `trackbook-run-page-${run}`;
    this.addClass('trackbook-MainArea');
    this.toolbar.hide();
    this.title.icon = runsIcon;
    this.title.closable = true;
    this.title.label = options.trans.__('Run');
    colours.assign([run]);
    model.changed.connect(this._onModel, this);
  }

  readonly model: RunModel;
  readonly state: PageState;

  override dispose(): void {
    if (!this.isDisposed) {
      this._board.dispose();
      this._sheet.dispose();
      this.model.dispose();
      super.dispose();
    }
  }

  private _onModel(): void {
    const { run } = this.model;
    if (run) {
      this.title.label = `${run.experiment} #${run.number}`;
      this.title.caption = run.name;
    }
  }

  private readonly _board: CurveBoard;
  private readonly _sheet: CurveSheet;
}

export namespace RunPanel {
  export interface IOptions extends IViewOptions {
    client: RunModel.Client & CurveBoardClient & CurveSheet.IOptions['client'];
    changes: RunModel.IOptions['changes'];
    colours: ColoursModel;
    project: string;
    run: string;
    tab: string | null;
  }
}

type CurveBoardClient = ConstructorParameters<typeof CurveBoard>[0]['client'];
