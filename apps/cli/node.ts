import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NatsAuthority, NodeAdmission, openFileKeys, SystemClock, withAccounts } from '#adapters';
import { readSettings } from '#nest';
import { Fault } from '#std';
import { explain, say } from '#terminal';

/** Ends the credentials of a node. A running control plane sees it within a second. */
export async function revokeNode(name: string): Promise<void> {
  await withAdmission((admission, { home, authority }) => {
    admission.revoke(name.toLowerCase());
    say(
      `The node ${name} is revoked: the control plane takes nothing from it any more, and it gets no new credential.`,
    );
    return renewConfig(home, authority);
  });
}

/** Lets a revoked node have new credentials. */
export async function allowNode(name: string): Promise<void> {
  await withAdmission((admission) => {
    if (!admission.allow(name.toLowerCase())) throw new Fault(`The node ${name} is not revoked.`, false);
    say(
      `The node ${name} may have new credentials. The agent that "npm start" runs gets one by itself within seconds;`,
    );
    say('for an agent in a container run "shiplog setup" again, as at first.');
  });
}

export async function listRevoked(): Promise<void> {
  await withAdmission((admission) => {
    for (const name of admission.revoked()) say(name);
  });
}

interface Given {
  readonly home: string;
  /** Reads the key store again. */
  readonly authority: () => Promise<NatsAuthority>;
}

/** Rejects never: what goes wrong is said. */
export async function withAdmission(
  act: (admission: NodeAdmission, given: Given) => void | Promise<void>,
): Promise<void> {
  try {
    const { home } = readSettings('cli', [], process.env);
    if (!existsSync(join(home, 'keys')))
      throw new Fault(`There is no key store in ${home}: set SHIPLOG_HOME to the folder of the control plane.`, false);
    const { store } = await openFileKeys(home);
    const authority = (): Promise<NatsAuthority> => NatsAuthority.open(store);
    await act(new NodeAdmission(store, await authority(), new SystemClock()), { home, authority });
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

/** A server in a container of its own reads its configuration from here; nobody else may tell it to. */
export async function renewConfig(home: string, authority: Given['authority']): Promise<void> {
  const path = join(home, 'nats', 'server.conf');
  if (!existsSync(path) || existsSync(join(home, 'nats', 'pid'))) return;
  writeFileSync(path, withAccounts(readFileSync(path, 'utf8'), await authority()));
  say(
    'Its connection ends when the bus has read its configuration again: in compose within seconds, elsewhere by SIGHUP.',
  );
}
