import { labelValueProblems, mayNodeLabel, qualifiedName } from '#meta';
import { Fault } from '#std';

export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Labels of `key=value`, as a node may give them to itself. */
export function nodeLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, key = '', value = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
      const problem = [...qualifiedName(key), ...labelValueProblems(value)][0];
      if (problem !== undefined) throw new Fault(`"${text}" is no label: write it like disk=ssd (${problem})`, false);
      if (!mayNodeLabel(key)) throw new Fault(`A node cannot give itself the label ${key}.`, false);
      return [key, value];
    }),
  );
}

/** Taints of `key=value:Effect` or `key:Effect`. */
export function nodeTaints(texts: readonly string[]): readonly NodeTaint[] {
  return texts.map((text) => {
    const [, key = '', value = '', effect = ''] = /^([^=:]+)(?:=([^:]*))?:(.+)$/.exec(text) ?? [];
    const isGood =
      EFFECTS.includes(effect) && qualifiedName(key).length === 0 && labelValueProblems(value).length === 0;
    if (!isGood)
      throw new Fault(`"${text}" is no taint: write it like gpu=yes:NoSchedule, with ${EFFECTS.join(', ')}`, false);
    return { key, ...(value !== '' && { value }), effect };
  });
}
