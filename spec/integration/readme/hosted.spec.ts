import { expect } from 'chai';
import { parse } from 'yaml';
import { parseConfig } from '../../../lib/config/LockConfig';
import { codeIn, README, tableOf } from './readme';

const SERVICES = tableOf(README, 'service', 'fits', 'by its documents', 'connection');

describe("The README's hosted services", () => {
  it('are at least ten', () => {
    expect(SERVICES).to.have.lengthOf.at.least(10);
  });

  for (const { service = '', fits = '', connection = '' } of SERVICES) {
    const [text] = codeIn(connection);

    if (text === undefined) {
      it(`have no line for ${service}`, () => {
        expect(fits).to.match(/^(no|not known|yes)$/);
      });
      continue;
    }

    it(`have a line for ${service} that is read, with TLS where it asks for it`, () => {
      const section: unknown = parse(text);
      const { connections, warnings } = parseConfig({ connections: { a: section } });

      // Only a server that proves nothing brings a warning.
      expect(warnings).to.have.lengthOf(text.includes('reject_unauthorized: false') ? 1 : 0);
      expect(connections).to.have.lengthOf(1);
      const [found] = connections;
      const isEncrypted = found?.kind === 'endpoint' && found.endpoint.tls !== null;
      expect(isEncrypted).to.equal(/rediss:|tls:/.test(text));
    });
  }
});
