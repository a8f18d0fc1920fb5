import { expect } from 'chai';
import { Context, contextOf, traceIdOf } from '../../../lib/contract/Context';

describe('Context', () => {
  it('gives the values it was made with', () => {
    const context = new Context({ user: 'me' });
    expect(context.get('user')).to.equal('me');
    expect(context.get('toString')).to.equal(undefined);
    expect(new Context().get('user')).to.equal(undefined);
  });

  it('carries a trace id under the name that Pip.Services reads', () => {
    expect(Context.fromTraceId('123').get('trace_id')).to.equal('123');
  });
});

describe('traceIdOf', () => {
  const cases: [title: string, context: Parameters<typeof traceIdOf>[0], traceId: string | undefined][] = [
    ['a string is a trace id', '123', '123'],
    ['an empty string is none', '', undefined],
    ['nothing has none', null, undefined],
    ['undefined has none', undefined, undefined],
    ['a context with trace_id', new Context({ trace_id: 'a', traceId: 'b' }), 'a'],
    ['a context with traceId', new Context({ trace_id: '', traceId: 'b' }), 'b'],
    ['a context with neither', new Context(), undefined],
    ['a context whose trace id is no string', new Context({ trace_id: 5 }), undefined],
  ];
  for (const [title, context, traceId] of cases) {
    it(title, () => expect(traceIdOf(context)).to.equal(traceId));
  }
});

describe('contextOf', () => {
  it('hands a context on as it is', () => {
    const context = new Context();
    expect(contextOf(context)).to.equal(context);
  });

  it('makes a context of a trace id, and an empty one of nothing', () => {
    expect(contextOf('123').get('trace_id')).to.equal('123');
    expect(contextOf(null).get('trace_id')).to.equal(undefined);
    expect(contextOf(undefined).get('trace_id')).to.equal(undefined);
  });
});
