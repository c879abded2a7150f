import { ReactWidget } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { Boundary } from '../components/Boundary';
import { LostConnection } from '../components/LostConnection';
import { type IRendering, RenderingContext } from '../components/rendering';
import { type IView, ViewContext } from '../components/view';
import type { ConnectionModel } from '../models/connection';

/** What a widget needs to show Trackbook's components. */
export interface IViewOptions {
  trans: TranslationBundle;
  commands: CommandRegistry;
  rendering?: IRendering;
  /** Whether the server answers; the widget says so when it doesn't. */
  connection?: ConnectionModel;
}

/** A widget that shows one of Trackbook's components; what the user asks for becomes a command. */
export class ViewWidget extends ReactWidget {
  constructor(options: IViewOptions, content: () => JSX.Element) {
    super();
    this._content = content;
    this._rendering = options.rendering ?? null;
    this._connection = options.connection ?? null;
    this._view = {
      trans: options.trans,
      execute: (command: string, args?: ReadonlyPartialJSONObject) =>
        void options.commands.execute(command, args)
    };
    this.addClass('trackbook-View');
  }

  protected override render(): JSX.Element {
    const { trans } = this._view;
    return (
      <ViewContext.Provider value={this._view}>
        <RenderingContext.Provider value={this._rendering}>
          <Boundary
            message={trans.__('This view could not be drawn.')}
            retry={trans.__('Try again')}
          >
            {this._connection && <LostConnection connection={this._connection} />}
            {this._content()}
          </Boundary>
        </RenderingContext.Provider>
      </ViewContext.Provider>
    );
  }

  private readonly _connection: ConnectionModel | null;
  private readonly _content: () => JSX.Element;
  private readonly _view: IView;
  private readonly _rendering: IRendering | null;
}
