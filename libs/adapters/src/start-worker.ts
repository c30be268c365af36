import { Worker } from 'node:worker_threads';

export interface WorkerStart {
  /** The worker's module as it is built; where this file runs as its source, the source beside it is started. */
  readonly entry: URL;
  /** The worker's `workerData`. */
  readonly setup: object;
  /** Node's flags for the worker. */
  readonly execArgv?: readonly string[];
}

/**
 * Starts the worker from whatever this file itself runs as: built JavaScript, or TypeScript under Jest. Node reads
 * TypeScript by dropping the types but resolves `.js` literally, so in that case a hook points such imports at the source.
 */
export function startWorker({ entry, setup, execArgv = [] }: WorkerStart): Worker {
  const options = { workerData: setup, execArgv: [...execArgv] };
  if (!import.meta.url.endsWith('.ts')) return new Worker(entry, options);
  const source = entry.href.replace(/\.js$/, '.ts');
  const bootstrap = `
    require('node:module').registerHooks({
      resolve: (specifier, context, next) =>
        next(context.parentURL?.endsWith('.ts') && specifier.startsWith('.') ? specifier.replace(/\\.js$/, '.ts') : specifier, context),
    });
    import(${JSON.stringify(source)}).catch((cause) => { setImmediate(() => { throw cause; }); });
  `;
  return new Worker(bootstrap, { eval: true, ...options });
}
