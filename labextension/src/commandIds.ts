/** The ids of Trackbook's commands. This file imports nothing, so that anything may import it. */
export namespace CommandIDs {
  /** Show the sidebar with the runs. */
  export const showRuns = 'trackbook:show-runs';
  /** Ask the server again. */
  export const refreshRuns = 'trackbook:refresh-runs';
  /** Put the cursor in the search box. */
  export const searchRuns = 'trackbook:search-runs';
  /** Show a run's page. */
  export const openRun = 'trackbook:open-run';
  /** Write a run's snapshot into a new notebook and open it. */
  export const openSnapshot = 'trackbook:open-snapshot';
  /** Compare the selected runs, or those given. */
  export const compareRuns = 'trackbook:compare-runs';
  /** Compare a run with the best one of its experiment. */
  export const compareWithBest = 'trackbook:compare-with-best';
  /** Compare a run with the previous one of its notebook. */
  export const compareWithPrevious = 'trackbook:compare-with-previous';
  /** Go to the next cell that differs. */
  export const nextDifference = 'trackbook:next-difference';
  /** Go to the cell before that differs. */
  export const previousDifference = 'trackbook:previous-difference';
  /** Rename a run in place. */
  export const renameRun = 'trackbook:rename-run';
  /** Edit a run's tags in place. */
  export const editTags = 'trackbook:edit-tags';
  /** Edit a run's notes in place. */
  export const editNotes = 'trackbook:edit-notes';
  /** Run a run again, and compare the results. */
  export const reproduceRun = 'trackbook:reproduce-run';
  /** Put runs into the trash. */
  export const trashRun = 'trackbook:trash-run';
  /** Take runs out of the trash. */
  export const restoreRun = 'trackbook:restore-run';
  /** Copy a run's id. */
  export const copyRunId = 'trackbook:copy-run-id';
  /** Forget which runs are selected. */
  export const clearSelection = 'trackbook:clear-selection';
  /** Show the form that runs a notebook as a job. */
  export const runAsJob = 'trackbook:run-as-job';
  /** Put the cursor at a place in a notebook, which is opened for that. */
  export const goToCell = 'trackbook:go-to-cell';
  /** Run the notebook of a job once more, with the same parameters and limits. */
  export const runAgain = 'trackbook:run-again';
  /** Copy the command line that does what a job does. */
  export const copyJobCommand = 'trackbook:copy-job-command';
  /** Cancel a job. */
  export const cancelJob = 'trackbook:cancel-job';
  /** Queue what jobs ran once more: the same frozen notebooks with the same parameters. */
  export const retryJob = 'trackbook:retry-job';
  /** Show the jobs of the project, or one of them closely. */
  export const openJobs = 'trackbook:open-jobs';
  /** Show what the processes of a job say. */
  export const showJobLog = 'trackbook:show-job-log';
  /** Show a sweep's page. */
  export const openSweep = 'trackbook:open-sweep';
  /** Stop a sweep and its trials. */
  export const cancelSweep = 'trackbook:cancel-sweep';
  /** Put a cell that draws a chart into the current notebook. */
  export const insertChart = 'trackbook:insert-chart';
  /** Go on with a sweep that was stopped. */
  export const resumeSweep = 'trackbook:resume-sweep';
  /** Go on with a run that failed, from the cell that failed. */
  export const resumeRun = 'trackbook:resume-run';
  /** Open a console in the state in which a run failed. */
  export const debugRun = 'trackbook:debug-run';
  /** Look for problems in a notebook now, and show them. */
  export const lintNotebook = 'trackbook:lint-notebook';
  /** Show the problems of the current notebook. */
  export const showProblems = 'trackbook:show-problems';
  /** Go to the next problem below the cursor. */
  export const nextProblem = 'trackbook:next-problem';
  /** Go to the next problem above the cursor. */
  export const previousProblem = 'trackbook:previous-problem';
  /** Show the runs of the project as a table. */
  export const openTable = 'trackbook:open-table';
  /** Copy the selected runs of the table, or all that match. */
  export const copyTable = 'trackbook:copy-table';
  /** Select all runs that the table has. */
  export const selectAllRuns = 'trackbook:select-all-runs';
  /** Put the cursor in the search of the table. */
  export const searchTable = 'trackbook:search-table';
  /** Edit a text of a run over its cell. */
  export const editCell = 'trackbook:edit-cell';
  /** Sort the table by a column. */
  export const sortColumn = 'trackbook:sort-column';
  /** Keep a column at the left, or let it scroll. */
  export const pinColumn = 'trackbook:pin-column';
  /** Move a column to the left or to the right. */
  export const moveColumn = 'trackbook:move-column';
  /** Take a column out of the table. */
  export const hideColumn = 'trackbook:hide-column';
  /** Choose how a column's numbers read. */
  export const formatColumn = 'trackbook:format-column';
  /** Group the runs by a column. */
  export const groupByColumn = 'trackbook:group-by-column';
  /** Put the charts beside the table, below it, or away. */
  export const placeCharts = 'trackbook:place-charts';
}
