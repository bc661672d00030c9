// What others serve Yjs documents with: `y-partyserver` as its page sets it up, which keeps a document in memory and
// writes nothing.
import { routePartykitRequest } from 'partyserver';

export { YServer as Documents } from 'y-partyserver';

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response('partyserver');
  },
};
