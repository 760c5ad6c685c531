"""An S3 server on loopback (moto), in a thread, on a free port. It stops with the test."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KEY, SECRET = "AKIAEXAMPLE", "s3cret-that-nobody-sees"


@contextmanager
def s3_storage() -> Iterator[tuple[str, Any]]:
    """Gives the server's address and Amazon's own client for it."""
    # Slow to load, and of use to those tests alone: each test process reads all files of tests.
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        address = f"http://127.0.0.1:{port}"
        client = boto3.client(
            "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id=KEY, aws_secret_access_key=SECRET
        )
        yield address, client
    finally:
        server.stop()
