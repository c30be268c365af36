import { describe, expect, it } from '@jest/globals';
import { isRefusal, refusals, type Accepted, type Command, type CommandResult } from '#model';
import { personCommand } from '../commands.js';
import { watchedBasis } from './basis.js';

const set = 'apps.replicasets/default/web';
const command = (revision: number): Command => ({
  ...personCommand({ verb: 'delete', kind: 'core.pods', name: 'web-1' }, 'replica-set', 1),
  basedOn: [{ stream: set, revision }],
});
const taken = { changed: true, position: 9 } as Accepted;

async function violations(answer: CommandResult, revision: number): Promise<readonly string[]> {
  const found: string[] = [];
  const view = { stream: () => ({ revision: 3, position: 7, object: undefined }) };
  const writer = watchedBasis({ submit: () => Promise.resolve(answer) }, view, (message) => found.push(message));
  expect(isRefusal(await writer.submit(command(revision)))).toBe(isRefusal(answer));
  return found;
}

describe('what a command of a loop rests on', () => {
  it('has not moved when the command is taken', async () => {
    expect(await violations(taken, 2)).toEqual([`replica-set: delete web-1 was taken although ${set} had moved`]);
    expect(await violations(taken, 3)).toEqual([]);
    // The writer may know more than has been folded.
    expect(await violations(taken, 4)).toEqual([]);
    expect(await violations({ ...taken, changed: false }, 2)).toEqual([]);
    expect(await violations(refusals.timeout('not in time'), 2)).toEqual([]);
  });
});
