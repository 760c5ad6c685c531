"""Let pytest explain the asserts of the shared suites, too."""

import pytest

pytest.register_assert_rewrite("contract.network_contract")
