import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

import type { ISweep } from '../client/sweeps';
import { IClient } from '../client/tokens';
import type { IJob } from '../client/types';
import { CommandIDs } from '../commandIds';
import { bestText } from '../components/sweepTexts';
import { type JobNews, JobNewsModel } from '../models/jobNews';
import { runOf } from '../models/jobs';
import { IModels } from '../tokens';
import { modelsPlugin } from './models';

/** How long the news of something that went well stays, in ms; what failed stays until it is seen. */
const GOOD_NEWS = 8000;

/** Tells of jobs that ended while the user was elsewhere. */
export const notificationsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'trackbook:notifications',
  description: 'Tells when jobs and sweeps have ended.',
  autoStart: true,
  requires: [IClient, IModels],
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IClient,
    models: IModels,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('trackbook');
    const { jobs, sweeps } = models;
    const events = app.serviceManager.events.stream;
    const news = new JobNewsModel({ client, jobs, sweeps, events });
    let isEnabled = true;
    void settings?.load(modelsPlugin.id).then(loaded => {
      const read = () => {
        isEnabled = loaded.get('notifyJobs').composite !== false;
      };
      loaded.changed.connect(read);
      read();
    });
    news.ended.connect((_, end) => {
      if (isEnabled && !isLookedAt(app, end)) {
        tell(app.commands, end, trans);
      }
    });
  }
};

/** Whether the user has the page before them that shows the end anyway. */
function isLookedAt({ shell }: JupyterFrontEnd, end: JobNews): boolean {
  const id = shell.currentWidget?.id;
  if (id === undefined || document.hidden) {
    return false;
  }
  return end.kind === 'sweep'
    ? id === `trackbook-sweep-${end.sweep.id}`
    : id === `trackbook-jobs-${end.project}` || id === `trackbook-run-page-${end.job.spec.run_id}`;
}

function tell(commands: CommandRegistry, end: JobNews, trans: TranslationBundle): void {
  const action = (label: string, command: string, args: ReadonlyJSONObject) => ({
    label,
    callback: () => void commands.execute(command, args)
  });
  const { project } = end;
  if (end.kind === 'sweep') {
    const { sweep } = end;
    const isGood = sweep.status === 'finished';
    Notification.emit(sweepText(sweep, trans), isGood ? 'success' : 'warning', {
      autoClose: isGood ? GOOD_NEWS : false,
      actions: [action(trans.__('Open sweep'), CommandIDs.openSweep, { project, sweep: sweep.id })]
    });
    return;
  }
  const { job } = end;
  const run = runOf(job);
  const isGood = job.status === 'finished';
  Notification.emit(jobText(job, trans), isGood ? 'success' : 'error', {
    autoClose: isGood ? GOOD_NEWS : false,
    actions: [
      run === null
        ? action(trans.__('Show the job'), CommandIDs.openJobs, { project, job: job.id })
        : action(trans.__('Open run'), CommandIDs.openRun, { project, run }),
      ...(isGood ? [] : [action(trans.__('Retry'), CommandIDs.retryJob, { project, job: job.id })])
    ]
  });
}

function jobText(job: IJob, trans: TranslationBundle): string {
  const name = job.spec.path.split('/').pop();
  if (job.status === 'finished') {
    return trans.__('%1 has finished.', name);
  }
  const { error } = job;
  if (!error) {
    return trans.__('%1 has failed.', name);
  }
  const text = error.evalue ? `${error.ename}: ${error.evalue}` : error.ename;
  return error.cell === null
    ? trans.__('%1 has failed: %2', name, text)
    : trans.__('%1 has failed in cell %2: %3', name, error.cell, text);
}

function sweepText(sweep: ISweep, trans: TranslationBundle): string {
  const name = sweep.notebook.split('/').pop();
  const { finished, total } = sweep.trials;
  const best = bestText(sweep);
  const text =
    sweep.status === 'finished'
      ? trans.__('The sweep of %1 has finished: %2 of %3 trials.', name, finished, total)
      : trans.__('The sweep of %1 has ended early: %2 of %3 trials.', name, finished, total);
  return best ? `${text} ${trans.__('Best: %1', best)}` : text;
}
