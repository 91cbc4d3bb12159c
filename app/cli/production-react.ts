/**
 * React's build for production saves 30 ms of start-up. But Bun compiles JSX for development unless NODE_ENV was set
 * before it started, and that build does not have the function such JSX calls: it gets the one for production instead,
 * which takes the same arguments and ignores the rest. (In the executable all of it is decided when it is built.)
 */
export function chooseProductionReact(): void {
  if (process.env.NODE_ENV === "production") return;
  Object.assign(process.env, { NODE_ENV: "production" });
  Object.assign(require("react/jsx-dev-runtime"), { jsxDEV: require("react/jsx-runtime").jsx });
}
