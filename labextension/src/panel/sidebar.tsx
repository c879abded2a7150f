import { MenuSvg, PanelWithToolbar, SidePanel, ToolbarButton } from '@jupyterlab/ui-components';
import { ellipsesIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { type AccordionPanel } from '@lumino/widgets';
import * as React from 'react';

import { CommandIDs } from '../commandIds';
import { Jobs } from '../components/Jobs';
import { Runs } from '../components/Runs';
import { runsIcon } from '../icons';
import type { IModels } from '../tokens';
import { type IViewOptions, ViewWidget } from './viewWidget';

/** The section of the jobs, and its part of the height when it is unfolded first. */
const JOBS = 1;
const JOBS_SHARE = 0.35;

/** A section that was closed before it was ever drawn has no size to come back to, and would open without any. */
function giveRoom(accordion: AccordionPanel, index: number): void {
  const isOpen = !accordion.widgets[JOBS].isHidden;
  if (index === JOBS && isOpen && accordion.relativeSizes()[JOBS] < JOBS_SHARE / 2) {
    accordion.setRelativeSizes([1 - JOBS_SHARE, JOBS_SHARE]);
  }
}

/** The sidebar: the runs, and below them the jobs. */
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
    this.node.setAttribute('aria-label', trans.__('Runs and jobs'));
    this.addWidget(this._makeRuns(options));
    this._jobs = this._makeJobs(options);
    this.addWidget(this._jobs);
    const accordion = this.content as AccordionPanel;
    accordion.collapse(JOBS);
    accordion.expansionToggled.connect(giveRoom);
    models.jobs.changed.connect(this._onJobs, this);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._models.jobs.changed.disconnect(this._onJobs, this);
      super.dispose();
    }
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.node.querySelector<HTMLElement>('.trackbook-RunList, .trackbook-Runs-bar input')?.focus();
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
    panel.title.label = options.trans.__('Jobs');
    panel.addWidget(new ViewWidget(options, () => <Jobs model={options.models.jobs} />));
    return panel;
  }

  private _onJobs(): void {
    const { active } = this._models.jobs;
    const label = this._trans.__('Jobs');
    this._jobs.title.label = active ? `${label} (${active})` : label;
  }

  private readonly _models: IModels;
  private readonly _jobs: PanelWithToolbar;
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
