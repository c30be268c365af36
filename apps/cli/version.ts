import { VERSION } from '#http';
import { say } from '#terminal';

/** The Kubernetes version that is spoken, and the Node that runs. */
export function version(): void {
  say(`shiplog 0.1.0, Kubernetes API ${String(VERSION['gitVersion'])}, Node ${process.versions.node}`);
}
