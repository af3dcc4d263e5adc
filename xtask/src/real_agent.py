"""A real model behind an OpenAI-compatible server on this machine, for as long as standard input stays open.

Usage: real_agent.py MODEL.gguf SHA256
Prints `base_url URL` once the server answers. Exit code 3: the model is not the one that was asked for.
"""

import hashlib
import os
import sys
import time
import urllib.error
import urllib.request


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def serve(path):
    # Only now: what is not the right file is never opened by anything that parses it.
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.model_alias = {"smollm2"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_parallel = 4
    parameters.n_ctx = 8192
    # Short answers: the test is of q, not of the model.
    parameters.n_predict = 96
    parameters.cpuparams.n_threads = os.cpu_count() or 1
    return xllamacpp.Server(parameters)


def answers(base_url, patience):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{base_url}/models", timeout=5) as response:
                if response.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def main(path, wanted):
    found = digest_of(path)
    if found != wanted:
        print(f"the model's sha256 is {found}, not {wanted}", file=sys.stderr)
        return 3
    server = serve(path)
    base_url = f"{server.listening_address}/v1"
    if not answers(base_url, patience=60):
        print(f"nothing answers at {base_url}", file=sys.stderr)
        return 1
    print(f"base_url {base_url}", flush=True)
    # Whoever started this holds the other end: when they are gone, however that came, so is the server.
    sys.stdin.buffer.read()
    sys.stdout.flush()
    # The server's threads would keep the interpreter waiting.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
