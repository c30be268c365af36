import { explain, say } from '#terminal';
import { localCluster } from './cluster.js';
import { run } from './tool.js';

/** Runs kubectl on the cluster as it was at a moment, or says under which URL that is. */
export function at(moment: string, words: readonly string[]): void {
  try {
    const { server, kubeconfig } = localCluster();
    const url = `${server}/at/${encodeURIComponent(moment).replaceAll('%3A', ':')}`;
    if (words.length === 0) say(url);
    else run('kubectl', ['--kubeconfig', kubeconfig, '--server', url, ...words]);
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}
