import type { ProbeAnswer, Prober, ProbeTarget } from '#ports';

/** Answers as it is told to; well by default. */
export class FakeProber implements Prober {
  constructor(
    private readonly answer: (target: ProbeTarget) => ProbeAnswer = () => ({ result: 'success', output: '' }),
  ) {}

  probe(target: ProbeTarget): Promise<ProbeAnswer> {
    return Promise.resolve(this.answer(target));
  }
}
