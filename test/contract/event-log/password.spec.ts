import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { eventLogName, openEventLog } from '#adapters';
import { readSettings } from '#nest';
import { factsOf } from '../../../apps/standalone/greeting.js';
import { scrubber } from '../../../libs/adapters/src/event-log/event-log-name.js';

const PATIENCE = { answerMs: 500, giveUpMs: 500 };
const PASSWORD = 'hunter2-x/y?z';

describe('the password in the URL of an event store stands nowhere:', () => {
  it.each([
    ['esdb://admin:PASS@127.0.0.1:1?tls=false', 'esdb://127.0.0.1:1'],
    ['esdb+discover://admin:PASS@one.example:2113?tls=false&gossipTimeout=1', 'esdb+discover://one.example:2113'],
    ['esdb://admin:PASS@a:1,b:2,c:3', 'esdb://a:1,b:2,c:3'],
    ['esdb://admin:PASS@PASS@a:1', 'esdb://a:1'],
    ['esdb://a:1?tls=false', 'esdb://a:1'],
    ['sqlite:/var/lib/a@b.db', 'sqlite:/var/lib/a@b.db'],
  ])('the name of %s', (spec, name) => {
    for (const password of ['hunter2', PASSWORD]) expect(eventLogName(spec.replaceAll('PASS', password))).toBe(name);
  });

  it.each([
    ['nothing listens there', `esdb://admin:PASS@127.0.0.1:1?tls=false`],
    ['an option is written wrongly', `esdb://admin:PASS@127.0.0.1:1?tls`],
    ['a port is none', `esdb://admin:PASS@127.0.0.1:x?tls=false`],
    ['it holds an @', `esdb://admin:PASS@PASS@127.0.0.1:1?tls=false`],
    ['a certificate is missing', `esdb://admin:PASS@127.0.0.1:1?tls=true&tlsCAFile=/nowhere`],
    ['the scheme is written wrongly', `esbd://admin:PASS@127.0.0.1:1`],
  ])('an error when %s', async (_what, spec) => {
    for (const password of ['hunter2', PASSWORD]) {
      const url = spec.replaceAll('PASS', password);
      const error: unknown = await openEventLog(url, { patience: PATIENCE }).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(Error);
      const shown = inspect(error, { depth: 20, showHidden: true });
      expect(shown).not.toContain('hunter2');
      expect(shown).not.toContain(Buffer.from(`admin:${password}`).toString('base64'));
    }
  });

  it('the greeting of a start', () => {
    const env = { SHIPLOG_EVENT_LOG: `esdb://admin:${PASSWORD}@store:2113?tls=false` };
    const facts = factsOf(readSettings('standalone', ['api'], env)).join('\n');
    expect(facts).toContain('Event log   esdb://store:2113');
    expect(facts).not.toContain('hunter2');
  });

  it('a text of another library', () => {
    const clean = scrubber(`esdb://admin:p%20w@h:1`);
    expect(clean('wrong: esdb://admin:p%20w@h:1, "p w", YWRtaW46cCB3')).not.toMatch(/p%20w|p w|YWRtaW46cCB3/);
  });
});
