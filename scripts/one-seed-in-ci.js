// Property tests look for new counterexamples wherever a person runs them. In CI they all begin with one
// seed: a change is judged by what it changes, not by luck. `npm run soak` is for the long search.
import fc from 'fast-check';

if (process.env.CI) fc.configureGlobal({ seed: 20_261_122 });
