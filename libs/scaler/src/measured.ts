import { MEASUREMENTS, parseQuestion, type OutsideFacts } from '#model';
import type { Measurements } from '#ports';
import type { Json } from '#std';

/** What is measured, as the facts that loops ask for: each question has one of its own, so a decision records what it was told. */
export function measured(measurements: Measurements): OutsideFacts {
  return {
    [MEASUREMENTS]: (text) => {
      const question = parseQuestion(text);
      return question && (measurements.answer(question) as Json | undefined);
    },
  };
}
