"""Tests of `sync`: real HTTP on loopback, nothing mocked below the socket."""
