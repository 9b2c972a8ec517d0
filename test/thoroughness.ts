/** `npm run test:all` tries all that the tests could; otherwise what another test proves as well is left out. */
export const EVERYTHING = process.env['VITRINE_TESTS'] === 'all'
