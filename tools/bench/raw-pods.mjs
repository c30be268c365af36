// Containers of pods made by plain calls of the engine: what nobody can be quicker than.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the agent asked the engine for, to ask for exactly that again. */
export async function templateOf(docker, home, pod, container = 'app') {
  const id = readFileSync(join(home, 'cluster'), 'utf8').trim();
  const of = async (name) => {
    const label = [`io.shiplog.cluster=${id}`, `io.shiplog.pod.name=${pod}`, `io.shiplog.container.name=${name}`];
    const [found] = await docker.listContainers({ filters: { label } });
    if (!found) throw new Error(`the engine does not show container ${name} of pod ${pod}`);
    const { Config, HostConfig } = await docker.getContainer(found.Id).inspect();
    return { Config, HostConfig };
  };
  return { infra: await of('POD'), app: await of(container) };
}

const RAW = 'shiplog-bench';

export async function makeRaw(docker, { infra, app }, name) {
  const { Hostname: _own, ...appConfig } = app.Config;
  const sandbox = await docker.createContainer({
    ...infra.Config,
    Labels: { [RAW]: '1' },
    name: `${RAW}-${process.pid}-${name}-infra`,
    HostConfig: infra.HostConfig,
  });
  await sandbox.start();
  const mode = `container:${sandbox.id}`;
  const made = await docker.createContainer({
    ...appConfig,
    Labels: { [RAW]: '1' },
    name: `${RAW}-${process.pid}-${name}-app`,
    HostConfig: { ...app.HostConfig, NetworkMode: mode, IpcMode: mode },
  });
  await made.start();
}

/** Those of this process, or of others that are gone. */
export async function removeRaw(docker, isOf = (pid) => pid === process.pid) {
  const found = await docker.listContainers({ all: true, filters: { label: [RAW] } });
  const ids = found.filter(({ Names }) => isOf(Number(Names[0]?.split('-')[2]))).map(({ Id }) => Id);
  const worker = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop())
      await docker.getContainer(id).remove({ force: true, v: true });
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}
