import type { Frontend } from '#model';

/** A way into a service of which a test says only what matters to it; at node ports (`address: undefined`) of IPv4 unless it says otherwise. */
export function frontendAt(
  given: Partial<Frontend> & Pick<Frontend, 'backends'> & { readonly address: string | undefined },
): Frontend {
  const one: Omit<Frontend, 'key'> = {
    ...{ protocol: 'TCP', port: 80, service: 'default/web:http', isExternal: false },
    ...{ affinitySeconds: undefined, hidesClient: false, whenEmpty: 'reject', sourceRanges: undefined },
    answeredBy: undefined,
    ...given,
  };
  return { ...one, key: `${one.address ?? (one.family ? 'node6' : 'node')}/${one.protocol}/${one.port}` };
}

/** Who answered, each once: `pod1 10.244.9.3` was answered by `pod1`. */
export function namesIn(answers: readonly string[]): readonly string[] {
  return [...new Set(answers.map((answer) => answer.split(' ')[0] ?? ''))].sort();
}
