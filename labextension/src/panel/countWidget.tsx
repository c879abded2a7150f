import * as React from 'react';

import { ProblemCount } from '../components/ProblemCount';
import type { LintModel } from '../models/lint';
import { type IViewOptions, ViewWidget } from './viewWidget';

/** The count of a notebook's problems on its toolbar; it takes no room while there are none. */
export class CountWidget extends ViewWidget {
  constructor(options: CountWidget.IOptions) {
    const { model } = options;
    super(options, () => <ProblemCount model={model} />);
    this._model = model;
    this.addClass('trackbook-CountWidget');
    model.changed.connect(this._onModel, this);
    this._onModel();
  }

  override dispose(): void {
    this._model.changed.disconnect(this._onModel, this);
    super.dispose();
  }

  private _onModel(): void {
    this.setHidden(!this._model.report?.diagnostics.length);
  }

  private readonly _model: LintModel;
}

export namespace CountWidget {
  export interface IOptions extends IViewOptions {
    model: LintModel;
  }
}
