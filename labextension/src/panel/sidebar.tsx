import { MenuSvg, PanelWithToolbar, SidePanel, ToolbarButton } from '@jupyterlab/ui-components';
import { ellipsesIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { type AccordionPanel } from '@lumino/widgets';
import * as React from 'react';

import { CommandIDs } from '../commandIds';
import { Jobs } from '../components/Jobs';
import { Problems } from '../components/Problems';
import { Runs } from '../components/Runs';
import { jobIcon, runsIcon, tableIcon } from '../icons';
import type { IModels } from '../tokens';
import { type IViewOptions, ViewWidget } from './viewWidget';

/** The sections below the runs, and the part of the height that one of them gets when it is unfolded first. */
const JOBS = 1;
const PROBLEMS = 2;
const SHARE = 0.4;

/** A section that was closed before it was ever drawn has no size to come back to, and would open without any. */
function giveRoom(accordion: AccordionPanel, index: number, isForced = false): void {
  const { widgets } = accordion;
  const isEnough = accordion.relativeSizes()[index] >= SHARE / 2;
  if (index === 0 || widgets[index].isHidden || (isEnough && !isForced)) {
    return;
  }
  const others = widgets.filter((widget, place) => place !== index && !widget.isHidden).length;
  const sizeOf = (place: number) => {
    if (place === index) {
      return others ? SHARE : 1;
    }
    return widgets[place].isHidden ? 0 : (1 - SHARE) / others;
  };
  accordion.setRelativeSizes(widgets.map((_, place) => sizeOf(place)));
}

/** The sidebar: the runs, and below them the jobs and the problems of the notebook. */
export class Sidebar extends SidePanel {
  constructor(options: Sidebar.IOptions) {
    super({ translator: options.translator });
    const { trans, models } = options;
    this._models = models;
    this._trans = trans;
    this.id = 'trackbook-sidebar';
    this.addClass('trackbook-Sidebar');
    this.title.icon = runsIcon;
    this.title.caption = trans.__('Runs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Runs, jobs and problems'));
    this.addWidget(this._makeRuns(options));
    this._jobs = this._makeJobs(options);
    this.addWidget(this._jobs);
    this._problems = this._makeProblems(options);
    this.addWidget(this._problems);
    const accordion = this.content as AccordionPanel;
    accordion.collapse(JOBS);
    accordion.collapse(PROBLEMS);
    accordion.expansionToggled.connect((_, index) => giveRoom(accordion, index));
    models.jobs.changed.connect(this._onJobs, this);
    models.problems.changed.connect(this._onProblems, this);
  }

  /** Unfold the problems as soon as the sidebar is shown, and lead the cursor to those of a cell, or to the first. */
  askProblems(cell: string | null): void {
    this._asked = { cell };
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._models.jobs.changed.disconnect(this._onJobs, this);
      this._models.problems.changed.disconnect(this._onProblems, this);
      super.dispose();
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._models.list.setShown(this.isVisible);
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._models.list.setShown(true);
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._models.list.setShown(false);
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    if (this._asked) {
      const { cell } = this._asked;
      this._asked = null;
      this._showProblems(cell);
      return;
    }
    this.node.querySelector<HTMLElement>('.trackbook-RunList, .trackbook-Runs-bar input')?.focus();
  }

  private _showProblems(cell: string | null): void {
    const accordion = this.content as AccordionPanel;
    if (this._problems.isHidden) {
      accordion.expand(PROBLEMS);
      giveRoom(accordion, PROBLEMS, true);
    }
    this._models.problems.ask(cell);
  }

  private _makeRuns(options: Sidebar.IOptions): PanelWithToolbar {
    const { trans, commands, models } = options;
    const panel = new PanelWithToolbar();
    panel.addClass('trackbook-Section');
    panel.title.label = trans.__('Runs');
    panel.toolbar.addItem(
      'refresh',
      new ToolbarButton({
        icon: refreshIcon,
        tooltip: trans.__('Refresh'),
        onClick: () => void commands.execute(CommandIDs.refreshRuns)
      })
    );
    panel.toolbar.addItem(
      'table',
      new ToolbarButton({
        icon: tableIcon,
        tooltip: trans.__('Open table'),
        onClick: () => void commands.execute(CommandIDs.openTable)
      })
    );
    const menu = new MenuSvg({ commands });
    [CommandIDs.searchRuns, CommandIDs.compareRuns, CommandIDs.clearSelection].forEach(command =>
      menu.addItem({ command })
    );
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: CommandIDs.runAsJob });
    const more = new ToolbarButton({
      icon: ellipsesIcon,
      tooltip: trans.__('More'),
      onClick: () => {
        const { left, bottom } = more.node.getBoundingClientRect();
        menu.open(left, bottom);
      }
    });
    panel.toolbar.addItem('more', more);
    panel.addWidget(
      new ViewWidget(options, () => (
        <Runs
          list={models.list}
          state={models.listState}
          selection={models.selection}
          colours={models.colours}
          best={models.best}
          details={models.details}
          experiments={models.experiments}
          onRename={options.onRename}
          onLeave={options.onLeave}
        />
      ))
    );
    return panel;
  }

  private _makeJobs(options: Sidebar.IOptions): PanelWithToolbar {
    const panel = new PanelWithToolbar();
    panel.addClass('trackbook-Section');
    const { trans, commands, models } = options;
    panel.title.label = trans.__('Jobs');
    panel.toolbar.addItem(
      'open',
      new ToolbarButton({
        icon: jobIcon,
        tooltip: trans.__('Show jobs and sweeps in the main area'),
        onClick: () => void commands.execute(CommandIDs.openJobs, { project: models.jobs.project })
      })
    );
    panel.addWidget(
      // The runs above say it when the server doesn't answer.
      new ViewWidget({ ...options, connection: undefined }, () => (
        <Jobs model={models.jobs} sweeps={models.sweeps} />
      ))
    );
    return panel;
  }

  private _makeProblems(options: Sidebar.IOptions): PanelWithToolbar {
    const panel = new PanelWithToolbar();
    panel.addClass('trackbook-Section');
    panel.title.label = options.trans.__('Problems');
    panel.addWidget(
      new ViewWidget({ ...options, connection: undefined }, () => (
        <Problems model={options.models.problems} />
      ))
    );
    return panel;
  }

  private _onProblems(): void {
    const count = this._models.problems.all.length;
    const label = this._trans.__('Problems');
    this._problems.title.label = count ? `${label} (${count})` : label;
  }

  private _onJobs(): void {
    const { active } = this._models.jobs;
    const label = this._trans.__('Jobs');
    this._jobs.title.label = active ? `${label} (${active})` : label;
  }

  private _asked: { cell: string | null } | null = null;
  private readonly _models: IModels;
  private readonly _jobs: PanelWithToolbar;
  private readonly _problems: PanelWithToolbar;
}

export namespace Sidebar {
  export interface IOptions extends IViewOptions {
    models: IModels;
    translator: SidePanel.IOptions['translator'];
    /** Give a run another name. */
    onRename(id: string, name: string): Promise<void>;
    /** The user leaves the sidebar with Escape. */
    onLeave(): void;
  }
}
