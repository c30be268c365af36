import type { Command } from '#model';

/** A command as the API makes it of a request by an administrator. */
export function personCommand(
  parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>,
  via: string,
  number: number,
): Command {
  return {
    apiVersion: 'v1',
    namespace: 'default',
    options: { fieldManager: via },
    actor: { name: 'person', groups: ['system:masters', 'system:authenticated'] },
    via,
    correlationId: `${via}-${number}`,
    ...parts,
  };
}
