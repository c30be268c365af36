import { WorkerLink, type WorkerLinkOptions } from '../log-worker/worker-link.js';
import type { WorkerSetup } from './setup.js';

export function faultsOf({ faults }: { readonly faults?: string | undefined }): { readonly faults?: string } {
  return faults === undefined ? {} : { faults };
}

/** Starts a thread with a connection to the file of a log. */
export function linkTo(setup: WorkerSetup, callbacks: Pick<WorkerLinkOptions, 'onAppended' | 'onGone'>): WorkerLink {
  return new WorkerLink({
    entry: new URL('./worker.js', import.meta.url),
    setup,
    name: setup.path,
    // Node calls its SQLite module experimental with a warning at each start; nobody who runs Shiplog can act on that.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    ...callbacks,
  });
}
