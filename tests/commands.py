"""
``dcase-explore`` as a command, many times: forked from a process that has imported the libraries, not started anew.

Each run is a process of its own, with its streams, its end and its environment as a shell would give them; what it
spares is seconds of imports. What the start itself is about (signals, what is imported) is tested by starting.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_IMPORTED = (
    "numpy, pandas, pyarrow.parquet, pydantic, scipy.stats, soundfile, sklearn.neighbors, starlette.routing, uvicorn"
)
_FORKING = f"""
import json, os, sys
import {_IMPORTED}
import dcase_explore.cli, dcase_explore.exploring, dcase_explore.findings
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.chdir(asked["folder"])
        for number, name in enumerate(("/dev/null", asked["out"], asked["err"])):
            file = os.open(name, os.O_RDWR)
            os.dup2(file, number)
        sys.argv = ["dcase-explore", *asked["arguments"]]
        ended = 1
        try:
            dcase_explore.cli.run()
            ended = 0
        except SystemExit as end:
            ended = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            import atexit
            atexit._run_exitfuncs()
            sys.stdout.flush(); sys.stderr.flush()
            os._exit(ended)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
_forking: subprocess.Popen[str] | None = None


def _started() -> subprocess.Popen[str]:
    global _forking
    if _forking is None or _forking.poll() is not None:
        _forking = subprocess.Popen(
            [sys.executable, "-c", _FORKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(_forking.kill)
    return _forking


def started(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The same, started anew: what libraries say while they are imported is heard as well."""
    command = [sys.executable, "-m", "dcase_explore", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command prints and how it ends."""
    forking = _started()
    assert forking.stdin is not None
    assert forking.stdout is not None
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        out.touch()
        err.touch()
        asked = {"arguments": arguments, "environment": {**os.environ, **environment}, "folder": str(Path.cwd())}
        forking.stdin.write(json.dumps({**asked, "out": str(out), "err": str(err)}) + "\n")
        forking.stdin.flush()
        ended = int(forking.stdout.readline())
        return subprocess.CompletedProcess(list(arguments), ended, out.read_text("utf-8"), err.read_text("utf-8"))
